//! A moto server as a child process, and clients of the real SDK that talk to it over plain HTTP.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::{Arc, Mutex, OnceLock};
use std::thread;
use std::time::Duration;

use aws_credential_types::Credentials;
use target_ecs::config::Config;
use target_ecs::{Account, EcsTarget};
use test_support::child::{Process, RunFolder, Watchdog, free_port, target_dir};

use crate::recorder::Recorder;

/// Everything is in this region of moto's own account.
const REGION: &str = "eu-central-1";

/// So many tasks moto says a service runs when it is made, so that its deployment is done.
pub(crate) const RUNNING: usize = 2;

/// A task runs for as long as it is looked at; it would begin to stop with the first look.
const STAYS: &str =
    r#"{"model_name": "ecs::task", "transition": {"progression": "manual", "times": 100000}}"#;

/// A server, ended when dropped or when the test's process ends, whatever ended that.
#[derive(Debug)]
pub(crate) struct Moto {
    process: Mutex<Process>,
    pub(crate) port: u16,
    // Last: the folder is removed when the server does not write to it any more.
    _folder: RunFolder,
}

impl Moto {
    /// One for all tests of this process, in which each makes what it needs under names of its own.
    pub(crate) fn shared() -> &'static Self {
        static SHARED: OnceLock<Moto> = OnceLock::new();
        SHARED.get_or_init(Self::start)
    }

    /// One of one's own; it takes seconds.
    pub(crate) fn start() -> Self {
        let place = target_dir().join("moto");
        let python = place.join("venv/bin/python");
        assert!(
            python.is_file(),
            "moto is not installed in {}: `cargo xtask testbed build` does it",
            place.display()
        );
        let folder = RunFolder::create(&place.join("run")).unwrap();
        let watchdog = Arc::new(Mutex::new(Watchdog::start(folder.path()).unwrap()));
        let port = free_port().unwrap();
        let arguments = [
            &format!("MOTO_ECS_SERVICE_RUNNING={RUNNING}"),
            python.to_str().unwrap(),
            "-I",
            "-m",
            "moto.server",
            "--host=127.0.0.1",
            &format!("--port={port}"),
        ];
        let arguments = arguments.map(str::to_owned);
        let process = Process::start("env", "env".as_ref(), &arguments, folder.path(), &watchdog);
        let moto = Self {
            process: Mutex::new(process.unwrap()),
            port,
            _folder: folder,
        };
        moto.until_it_listens();
        moto.tell("state-manager/set-transition", STAYS);
        moto
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "what is waited for is another process"
    )]
    fn until_it_listens(&self) {
        for _ in 0..600 {
            self.process.lock().unwrap().check_alive().unwrap();
            if TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
                return;
            }
            thread::sleep(Duration::from_millis(100));
        }
        let log = self.process.lock().unwrap().log_tail();
        panic!("moto did not listen within a minute:\n{log}");
    }

    /// From now on nobody listens there.
    pub(crate) fn stop(&self) {
        self.process.lock().unwrap().stop().unwrap();
    }

    /// After so many calls more, all are refused: such credentials are known to nobody.
    pub(crate) fn forget_credentials_after(&self, calls: usize) {
        self.tell("reset-auth", &calls.to_string());
    }

    /// By the interface that it has for tests.
    fn tell(&self, what: &str, body: &str) {
        let path = format!("/moto-api/{what}");
        let answer = self.post(&path, "application/json", body);
        let status = answer.lines().next().unwrap();
        assert!(status.contains(" 20"), "{answer}");
    }

    /// A call of EC2, for which there is no client among our dependencies.
    pub(crate) fn ec2(&self, operation: &str) -> String {
        let body = format!("Action={operation}&Version=2016-11-15");
        let answer = self.post("/", "application/x-www-form-urlencoded", &body);
        assert!(answer.contains("200 OK"), "{answer}");
        answer
    }

    fn post(&self, path: &str, kind: &str, body: &str) -> String {
        let credential = format!("AKID/20260101/{REGION}/ec2/aws4_request");
        let length = body.len();
        let request = format!(
            "POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\ncontent-type: {kind}\r\n\
             authorization: AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=0\r\n\
             content-length: {length}\r\n\r\n{body}"
        );
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }
}

/// The same for every SDK crate, whose builders are alike and have no type in common.
macro_rules! client {
    ($moto:expr, $recorder:expr, $sdk:ident) => {{
        let config = $sdk::Config::builder()
            .behavior_version($sdk::config::BehaviorVersion::latest())
            .region($sdk::config::Region::new(REGION))
            .credentials_provider(Credentials::new("AKID", "secret", None, None, "moto"))
            .endpoint_url(format!("http://127.0.0.1:{}", $moto.port))
            .http_client($recorder.clone())
            .retry_config($sdk::config::retry::RetryConfig::disabled())
            .build();
        $sdk::Client::from_conf(config)
    }};
}

/// Clients that talk to a server, and what they asked it.
#[derive(Clone, Debug)]
pub(crate) struct Clients {
    pub(crate) ecs: aws_sdk_ecs::Client,
    pub(crate) balancers: aws_sdk_elasticloadbalancingv2::Client,
    pub(crate) scaling: aws_sdk_applicationautoscaling::Client,
    alarms: aws_sdk_cloudwatch::Client,
    pub(crate) recorder: Recorder,
}

impl Clients {
    pub(crate) fn of(moto: &Moto) -> Self {
        let recorder = Recorder::new();
        Self {
            ecs: client!(moto, recorder, aws_sdk_ecs),
            balancers: client!(moto, recorder, aws_sdk_elasticloadbalancingv2),
            scaling: client!(moto, recorder, aws_sdk_applicationautoscaling),
            alarms: client!(moto, recorder, aws_sdk_cloudwatch),
            recorder,
        }
    }

    /// A target that knows nothing yet: whatever it tells was read.
    pub(crate) fn target(&self, config: &Config) -> EcsTarget {
        EcsTarget::new(&self.ecs, &self.balancers, &self.scaling, config.clone())
    }

    /// The same, which looks at alarms.
    pub(crate) fn target_with_alarms(&self, config: &Config) -> EcsTarget {
        let account = Account::builder(&self.ecs, &self.balancers, &self.scaling);
        EcsTarget::on(&account.alarms(&self.alarms).build(), config.clone())
    }
}
