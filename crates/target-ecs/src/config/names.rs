//! Whether what a configuration names can exist at all.

use std::collections::BTreeSet;

use strategy_core::target::{TargetError, TargetErrorKind};

use super::{Config, MOST_RULES, Mode, Owned, RuleConfig};
use crate::error::found;

/// What stands for every account or region in a policy.
const ANY: &str = "*";

/// How ARNs name the service that load balancers are of.
const BALANCING: &str = "elasticloadbalancing";

/// Where something is, as its ARN tells.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) partition: String,
    pub(crate) region: String,
    pub(crate) account: String,
}

impl Place {
    fn of(arn: &str, service: &str) -> Option<Self> {
        let mut parts = arn.splitn(6, ':');
        let mut next = || parts.next();
        let (Some("arn"), Some(partition)) = (next(), next()) else {
            return None;
        };
        let (Some(of), Some(region), Some(account)) = (next(), next(), next()) else {
            return None;
        };
        if of != service {
            return None;
        }
        let plain = |text: &str| {
            let bytes = text.bytes();
            !text.is_empty()
                && bytes
                    .clone()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        };
        let is_account = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
        (plain(partition) && plain(region) && is_account).then(|| Self {
            partition: partition.to_owned(),
            region: region.to_owned(),
            account: account.to_owned(),
        })
    }

    /// A place that is not told: every one, as policies write it.
    pub(crate) fn anywhere() -> Self {
        Self {
            partition: "aws".to_owned(),
            region: ANY.to_owned(),
            account: ANY.to_owned(),
        }
    }

    pub(crate) fn is_anywhere(&self) -> bool {
        self.account == ANY
    }

    /// An ARN of the same account and region.
    pub(crate) fn arn(&self, service: &str, resource: &str) -> String {
        let Self {
            partition,
            region,
            account,
        } = self;
        format!("arn:{partition}:{service}:{region}:{account}:{resource}")
    }
}

/// Names of clusters and services: 1 to 255 letters, digits, `-` and `_`.
fn is_name(name: &str) -> bool {
    (1..=255).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

/// The resource of an ARN begins so, and has so many parts, none of which is empty.
fn is_resource(arn: &str, beginning: &str, parts: usize) -> bool {
    let resource = arn.splitn(6, ':').nth(5).unwrap_or_default();
    let plain = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    let rest = resource.strip_prefix(beginning);
    rest.is_some_and(|rest| rest.split('/').count() == parts && rest.split('/').all(plain))
}

impl RuleConfig {
    fn is_well_formed(&self) -> bool {
        match self {
            Self::Rule(arn) => is_resource(arn, "listener-rule/app/", 4),
            Self::ListenerDefault(arn) => is_resource(arn, "listener/app/", 3),
        }
    }

    const fn form(&self) -> &'static str {
        match self {
            Self::Rule(_) => {
                "a rule of an Application Load Balancer by its ARN, `arn:...:listener-rule/app/NAME/ID/ID/ID`"
            }
            Self::ListenerDefault(_) => {
                "a listener of an Application Load Balancer by its ARN, `arn:...:listener/app/NAME/ID/ID`"
            }
        }
    }
}

impl Config {
    /// Whether services, target groups and rules of these names can exist and belong together.
    /// `discover` asks the same before anything else.
    ///
    /// # Errors
    /// `InvalidConfig` with the first that cannot, where it stands and what to write.
    pub fn check_names(&self) -> Result<(), TargetError> {
        match &self.mode {
            Mode::OwnedWeights(weights) => Owned::new(&self.cluster, weights).place().map(|_| ()),
            Mode::Rolling(rolling) => {
                OneService::named(&self.cluster, &rolling.service).map(|_| ())
            }
            Mode::NativeGated(gated) => {
                OneService::named(&self.cluster, &gated.service).map(|_| ())
            }
        }
    }
}

impl Owned {
    /// The one account and region that everything is in.
    pub(crate) fn place(&self) -> Result<Place, TargetError> {
        let owned = self.owned_weights();
        let slots = owned.workload.slots();
        name("cluster", &self.cluster, "a cluster")?;
        let mut places = BTreeSet::new();
        for slot in slots {
            name("service", &slot.service, "a service")?;
            let group = &slot.target_group;
            match Place::of(group, BALANCING).filter(|_| is_resource(group, "targetgroup/", 2)) {
                Some(place) => places.insert(place),
                None => {
                    return Err(wrong(
                        "target-group",
                        group,
                        "is no target group; name it by its ARN, `arn:...:targetgroup/NAME/ID`",
                    ));
                }
            };
        }
        let [one, other] = slots;
        if one.service == other.service {
            let why = "is named twice; name two services";
            return Err(wrong("workload", &one.service, why));
        }
        if one.target_group == other.target_group {
            let why = "is the target group of both services; give each its own";
            return Err(wrong("workload", &one.target_group, why));
        }
        if owned.rules.is_empty() || owned.rules.len() > MOST_RULES {
            let why = format!(
                "are that many rules; name 1 to {MOST_RULES} that forward to the target groups"
            );
            return Err(wrong("rules", &owned.rules.len().to_string(), &why));
        }
        let mut seen = BTreeSet::new();
        for rule in &owned.rules {
            let arn = rule.arn();
            match Place::of(arn, BALANCING).filter(|_| rule.is_well_formed()) {
                Some(place) => places.insert(place),
                None => {
                    let why = format!("is no such thing; name {}", rule.form());
                    return Err(wrong("rules", arn, &why));
                }
            };
            if !seen.insert(arn) {
                return Err(wrong("rules", arn, "is named twice; leave one of them"));
            }
        }
        let mut places = places.into_iter();
        match (places.next(), places.next()) {
            (Some(place), None) => Ok(place),
            (Some(one), Some(other)) => {
                let why = format!(
                    "and {}/{} are two accounts or regions; a load balancer and its target groups are in one",
                    other.region, other.account
                );
                let one = format!("{}/{}", one.region, one.account);
                Err(wrong("rules", &one, &why))
            }
            (None, _) => Err(wrong("rules", "", "names no place")),
        }
    }
}

/// One service, and where it is, as far as its name tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OneService {
    pub(crate) cluster: String,
    pub(crate) service: String,
    /// `None`: it was named without region and account.
    pub(crate) place: Option<Place>,
}

impl OneService {
    /// A service by its name or its ARN.
    ///
    /// # Errors
    /// `InvalidConfig` when there can be no such service, or the ARN is of another cluster.
    pub(crate) fn named(cluster: &str, service: &str) -> Result<Self, TargetError> {
        name("cluster", cluster, "a cluster")?;
        let (place, short) = if service.starts_with("arn:") {
            let place = Place::of(service, "ecs");
            let place = place.filter(|_| is_resource(service, "service/", 2));
            let Some(place) = place else {
                let why =
                    "is no service; name it by its name or its ARN, `arn:...:service/CLUSTER/NAME`";
                return Err(wrong("service", service, why));
            };
            let mut parts = super::resource(service).rsplit('/');
            let short = parts.next().unwrap_or_default();
            if parts.next() != Some(cluster) {
                let why =
                    format!("is in another cluster than `{cluster}`; name the cluster it is in");
                return Err(wrong("service", service, &why));
            }
            (Some(place), short)
        } else {
            (None, service)
        };
        name("service", short, "a service")?;
        Ok(Self {
            cluster: cluster.to_owned(),
            service: short.to_owned(),
            place,
        })
    }
}

fn name(field: &str, text: &str, what: &str) -> Result<(), TargetError> {
    if is_name(text) {
        return Ok(());
    }
    let why = format!(
        "cannot name {what}; use its name, not its ARN: 1 to 255 letters, digits, `-` and `_`"
    );
    Err(wrong(field, text, &why))
}

fn wrong(field: &str, text: &str, why: &str) -> TargetError {
    let shown: String = text.chars().take(160).collect();
    // Control characters are shown as escapes.
    let message = format!("`{field}`: {shown:?} {why}");
    let kind = TargetErrorKind::InvalidConfig;
    found(kind, "read", "the configuration", message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{OwnedWeights, Slot};

    const AT: &str = "arn:aws:elasticloadbalancing:eu-central-1:123456789012";

    fn group(name: &str) -> String {
        format!("{AT}:targetgroup/{name}/0123456789abcdef")
    }

    fn rule() -> RuleConfig {
        RuleConfig::Rule(format!("{AT}:listener-rule/app/shop/a1/b2/c3"))
    }

    fn config(cluster: &str, service: &str, blue: &str, rules: &[RuleConfig]) -> Config {
        let slots = [Slot::new(service, blue), Slot::new("green", group("green"))];
        Config::new(cluster, OwnedWeights::new(slots, rules.to_vec()))
    }

    fn message(config: &Config) -> String {
        let error = config.check_names().unwrap_err();
        assert_eq!(error.kind, TargetErrorKind::InvalidConfig);
        let text = error.to_string();
        assert!(!text.contains(char::is_control), "{text:?}");
        text
    }

    #[test]
    fn what_fits_tells_where_it_is() {
        let rules = [
            rule(),
            RuleConfig::ListenerDefault(format!("{AT}:listener/app/shop/a1/b2")),
        ];
        let config = config("shop", "blue", &group("blue"), &rules);
        let Mode::OwnedWeights(weights) = &config.mode else {
            panic!("{config:?}");
        };
        let place = Owned::new("shop", weights).place().unwrap();
        assert_eq!(
            place.arn("ecs", "service/shop/blue"),
            "arn:aws:ecs:eu-central-1:123456789012:service/shop/blue"
        );
    }

    #[test]
    fn names_that_nothing_can_have_are_refused() {
        let long = "a".repeat(256);
        for wrong in [
            "",
            "a/b",
            "a b",
            "a\n",
            "ä",
            "arn:aws:ecs:x:1:cluster/a",
            &long,
        ] {
            let named = config(wrong, "blue", &group("blue"), &[rule()]);
            assert!(message(&named).contains("`cluster`"));
            let named = config("shop", wrong, &group("blue"), &[rule()]);
            assert!(message(&named).contains("`service`"));
            let named = config("shop", "blue", wrong, &[rule()]);
            assert!(message(&named).contains("`target-group`"));
            let rules = [RuleConfig::Rule(wrong.to_owned())];
            let named = config("shop", "blue", &group("blue"), &rules);
            assert!(message(&named).contains("`rules`"));
        }
    }

    #[test]
    fn what_is_no_application_load_balancers_is_refused() {
        for arn in [
            format!("{AT}:listener-rule/net/shop/a1/b2/c3"),
            format!("{AT}:listener/app/shop/a1/b2"),
            format!("{AT}:listener-rule/app/shop/a1/b2"),
            format!("{AT}:listener-rule/app/shop/a1/b2/"),
            "arn:aws:elasticloadbalancing:eu-central-1:12:listener-rule/app/shop/a1/b2/c3"
                .to_owned(),
        ] {
            let named = config("shop", "blue", &group("blue"), &[RuleConfig::Rule(arn)]);
            assert!(message(&named).contains("listener-rule/app/NAME"));
        }
        let default = [RuleConfig::ListenerDefault(format!(
            "{AT}:listener/net/shop/a1/b2"
        ))];
        let named = config("shop", "blue", &group("blue"), &default);
        assert!(message(&named).contains("listener/app/NAME"));
    }

    #[test]
    fn two_of_everything_are_two_in_one_place() {
        assert!(message(&config("shop", "green", &group("blue"), &[rule()])).contains("twice"));
        assert!(message(&config("shop", "blue", &group("green"), &[rule()])).contains("both"));
        assert!(message(&config("shop", "blue", &group("blue"), &[])).contains("1 to 5"));
        let twice = [rule(), rule()];
        assert!(message(&config("shop", "blue", &group("blue"), &twice)).contains("twice"));
        let six: Vec<_> = (0..6)
            .map(|n| RuleConfig::Rule(format!("{AT}:listener-rule/app/shop/a1/b2/c{n}")))
            .collect();
        assert!(message(&config("shop", "blue", &group("blue"), &six)).contains("1 to 5"));
        let elsewhere = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/blue/a1";
        let named = config("shop", "blue", elsewhere, &[rule()]);
        assert!(message(&named).contains("two accounts or regions"));
    }
}
