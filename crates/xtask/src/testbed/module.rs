//! The Go modules that the test bed is built from.

/// A go.mod of our own and the programs it gives.
#[derive(Debug)]
pub(crate) struct Module {
    /// Its folder below `crates/xtask/testbed`.
    pub(crate) folder: &'static str,
    pub(crate) programs: &'static [Program],
}

/// A program built from a Go package.
#[derive(Debug)]
pub(crate) struct Program {
    pub(crate) name: &'static str,
    pub(crate) package: &'static str,
    /// Variables of the linker that hold the version; without them clients are told
    /// `v0.0.0-master`.
    pub(crate) versions: &'static [(&'static str, &'static str)],
    /// Whether `KUBEBUILDER_ASSETS`, where it is set, has this program.
    pub(crate) is_in_assets: bool,
}

const KUBERNETES: &[(&str, &str)] = &[
    ("k8s.io/component-base/version.gitVersion", "v1.36.3"),
    ("k8s.io/component-base/version.gitMajor", "1"),
    ("k8s.io/component-base/version.gitMinor", "36"),
];

/// In the order of building: the API server compiles most of what the next two need.
pub(crate) const MODULES: &[Module] = &[
    Module {
        folder: "control-plane",
        programs: &[
            Program {
                name: "kube-apiserver",
                package: "k8s.io/kubernetes/cmd/kube-apiserver",
                versions: KUBERNETES,
                is_in_assets: true,
            },
            Program {
                name: "kube-controller-manager",
                package: "k8s.io/kubernetes/cmd/kube-controller-manager",
                versions: KUBERNETES,
                is_in_assets: false,
            },
            Program {
                name: "kube-scheduler",
                package: "k8s.io/kubernetes/cmd/kube-scheduler",
                versions: KUBERNETES,
                is_in_assets: false,
            },
            Program {
                name: "etcd",
                package: "go.etcd.io/etcd/server/v3",
                versions: &[],
                is_in_assets: true,
            },
        ],
    },
    Module {
        folder: "kwok",
        programs: &[Program {
            name: "kwok",
            package: "sigs.k8s.io/kwok/cmd/kwok",
            versions: &[("sigs.k8s.io/kwok/pkg/consts.Version", "v0.8.0")],
            is_in_assets: false,
        }],
    },
];

/// Traefik, which only the lab needs.
pub(crate) const GATEWAY: Module = Module {
    folder: "traefik",
    programs: &[Program {
        name: "traefik",
        package: "github.com/traefik/traefik/v3/cmd/traefik",
        versions: &[(
            "github.com/traefik/traefik/v3/pkg/version.Version",
            "v3.6.1",
        )],
        is_in_assets: false,
    }],
};

/// A go.mod of our own whose module carries CustomResourceDefinitions; only downloaded, never compiled.
#[derive(Debug)]
pub(crate) struct Definitions {
    /// Its folder below `crates/xtask/testbed`.
    pub(crate) folder: &'static str,
    pub(crate) module: &'static str,
    /// Within the module. One that this version of it has not is left out.
    pub(crate) files: &'static [&'static str],
    /// The YAML stream that is made of them, in `crds` of the test bed.
    pub(crate) stream: &'static str,
}

/// Of Gateway API those that a route needs, and those that the gateway of the lab waits for; from the standard channel.
const OF_GATEWAY_API: &[&str] = &[
    "config/crd/standard/gateway.networking.k8s.io_backendtlspolicies.yaml",
    "config/crd/standard/gateway.networking.k8s.io_gatewayclasses.yaml",
    "config/crd/standard/gateway.networking.k8s.io_gateways.yaml",
    "config/crd/standard/gateway.networking.k8s.io_grpcroutes.yaml",
    "config/crd/standard/gateway.networking.k8s.io_httproutes.yaml",
    "config/crd/standard/gateway.networking.k8s.io_referencegrants.yaml",
];

/// Istio's, and the newest and the oldest of Gateway API's that serve a version which is understood.
pub(crate) const DEFINITIONS: &[Definitions] = &[
    Definitions {
        folder: "istio",
        module: "istio.io/api",
        files: &["kubernetes/customresourcedefinitions.gen.yaml"],
        stream: "istio.yaml",
    },
    Definitions {
        folder: "gateway-newest",
        module: "sigs.k8s.io/gateway-api",
        files: OF_GATEWAY_API,
        stream: "gateway-newest.yaml",
    },
    Definitions {
        folder: "gateway-oldest",
        module: "sigs.k8s.io/gateway-api",
        files: OF_GATEWAY_API,
        stream: "gateway-oldest.yaml",
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testbed::build::source;
    use std::fs;

    /// The version of `module` that the go.mod in `folder` asks for.
    fn required(folder: &str, module: &str) -> Option<String> {
        let text = fs::read_to_string(source(folder).join("go.mod")).unwrap();
        text.lines().find_map(|line| {
            let mut words = line.trim_start_matches("require").split_whitespace();
            (words.next() == Some(module)).then(|| words.next().map(str::to_owned))?
        })
    }

    #[test]
    fn the_versions_that_programs_tell_are_those_of_the_go_mod() {
        let (_, told) = KUBERNETES[0];
        assert_eq!(
            required("control-plane", "k8s.io/kubernetes").as_deref(),
            Some(told)
        );
        let (_, told) = MODULES[1].programs[0].versions[0];
        assert_eq!(required("kwok", "sigs.k8s.io/kwok").as_deref(), Some(told));
        let (_, told) = GATEWAY.programs[0].versions[0];
        let version = required(GATEWAY.folder, "github.com/traefik/traefik/v3");
        assert_eq!(version.as_deref(), Some(told));
        for definitions in DEFINITIONS {
            let version = required(definitions.folder, definitions.module);
            assert!(version.is_some(), "{}", definitions.folder);
        }
    }

    #[test]
    fn every_program_is_a_tool_of_its_module() {
        for module in MODULES.iter().chain([&GATEWAY]) {
            let text = fs::read_to_string(source(module.folder).join("go.mod")).unwrap();
            for program in module.programs {
                assert!(text.contains(program.package), "{}", program.package);
            }
        }
    }
}
