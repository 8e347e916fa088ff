//! Conditions, actions and transforms as they are described, and told in one way.

use std::collections::BTreeMap;

use aws_sdk_elasticloadbalancingv2::types::{
    Action, HostHeaderConditionConfig, PathPatternConditionConfig, RuleCondition, RuleTransform,
};

pub(super) const HTTP_HEADER: &str = "http-header";

/// The same condition told in one way: what is described in two ways may be sent in one only.
pub(super) fn plain(condition: &RuleCondition) -> RuleCondition {
    let mut plain = condition.clone();
    let values = plain.values.take().filter(|values| !values.is_empty());
    let regex = plain
        .regex_values
        .take()
        .filter(|values| !values.is_empty());
    match condition.field() {
        Some("host-header") => {
            let config = plain.host_header_config.take();
            let told = config.as_ref().and_then(|of| of.values.clone());
            let told_regex = config.and_then(|of| of.regex_values);
            plain.host_header_config = Some(
                HostHeaderConditionConfig::builder()
                    .set_values(told.filter(|of| !of.is_empty()).or(values))
                    .set_regex_values(told_regex.filter(|of| !of.is_empty()).or(regex))
                    .build(),
            );
        }
        Some("path-pattern") => {
            let config = plain.path_pattern_config.take();
            let told = config.as_ref().and_then(|of| of.values.clone());
            let told_regex = config.and_then(|of| of.regex_values);
            plain.path_pattern_config = Some(
                PathPatternConditionConfig::builder()
                    .set_values(told.filter(|of| !of.is_empty()).or(values))
                    .set_regex_values(told_regex.filter(|of| !of.is_empty()).or(regex))
                    .build(),
            );
        }
        Some(HTTP_HEADER) => {
            if let Some(config) = &mut plain.http_header_config {
                let told = config.regex_values.take().filter(|of| !of.is_empty());
                config.regex_values = told.or(regex);
            }
        }
        _ => {}
    }
    plain
}

/// All values of a condition, and its regular expressions.
pub(super) fn values(condition: &RuleCondition) -> Vec<&str> {
    let condition_values = [
        condition
            .host_header_config()
            .map(|of| (of.values(), of.regex_values())),
        condition
            .path_pattern_config()
            .map(|of| (of.values(), of.regex_values())),
        condition
            .http_header_config()
            .map(|of| (of.values(), of.regex_values())),
        condition
            .http_request_method_config()
            .map(|of| (of.values(), &[][..])),
        condition
            .source_ip_config()
            .map(|of| (of.values(), &[][..])),
    ];
    let all = condition_values.into_iter().flatten();
    let mut values: Vec<&str> = all
        .flat_map(|(values, regex)| values.iter().chain(regex))
        .map(String::as_str)
        .collect();
    let pairs = condition.query_string_config().map(|of| of.values());
    let pairs = pairs.unwrap_or_default().iter();
    values.extend(pairs.filter_map(|pair| pair.value()));
    values
}

/// What of it would be noticed if it changed.
pub(super) fn text(condition: &RuleCondition) -> String {
    let condition = plain(condition);
    let name = condition
        .http_header_config()
        .and_then(|of| of.http_header_name());
    let pairs = condition.query_string_config().map(|of| of.values());
    let keys = pairs
        .unwrap_or_default()
        .iter()
        .map(|pair| pair.key().unwrap_or_default());
    format!(
        "{} {} {:?} {:?}",
        condition.field().unwrap_or_default(),
        name.unwrap_or_default().to_ascii_lowercase(),
        values(&condition),
        keys.collect::<Vec<_>>()
    )
}

/// What of actions would be noticed if it changed, in their order; of a forward only that there is one.
pub(super) fn actions(actions: &[Action]) -> Vec<String> {
    let mut sorted: Vec<&Action> = actions.iter().collect();
    sorted.sort_by_key(|action| action.order);
    sorted.into_iter().map(action).collect()
}

fn action(action: &Action) -> String {
    let kind = action.r#type().map_or("", |kind| kind.as_str());
    let mut told = vec![format!("{kind:?}")];
    if let Some(of) = action.authenticate_cognito_config() {
        let extra = of.authentication_request_extra_params().into_iter();
        let extra: BTreeMap<&String, &String> = extra.flatten().collect();
        told.push(format!(
            "{:?} {:?} {:?} {:?} {:?} {:?} {:?} {extra:?}",
            of.user_pool_arn(),
            of.user_pool_client_id(),
            of.user_pool_domain(),
            of.session_cookie_name(),
            of.scope(),
            of.session_timeout(),
            of.on_unauthenticated_request().map(|then| then.as_str()),
        ));
    }
    // Its secret is never described.
    if let Some(of) = action.authenticate_oidc_config() {
        let extra = of.authentication_request_extra_params().into_iter();
        let extra: BTreeMap<&String, &String> = extra.flatten().collect();
        told.push(format!(
            "{:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {extra:?}",
            of.issuer(),
            of.authorization_endpoint(),
            of.token_endpoint(),
            of.user_info_endpoint(),
            of.client_id(),
            of.session_cookie_name(),
            of.scope(),
            of.session_timeout(),
            of.on_unauthenticated_request().map(|then| then.as_str()),
        ));
    }
    if let Some(of) = action.jwt_validation_config() {
        let claims = of.additional_claims().iter();
        let claims = claims.map(|claim| {
            let format = claim.format().map_or("", |format| format.as_str());
            (claim.name(), format, claim.values())
        });
        let claims: Vec<_> = claims.collect();
        told.push(format!(
            "{:?} {:?} {claims:?}",
            of.jwks_endpoint(),
            of.issuer()
        ));
    }
    if let Some(of) = action.redirect_config() {
        told.push(format!(
            "{:?} {:?} {:?} {:?} {:?} {:?}",
            of.protocol(),
            of.port(),
            of.host(),
            of.path(),
            of.query(),
            of.status_code().map(|code| code.as_str()),
        ));
    }
    if let Some(of) = action.fixed_response_config() {
        told.push(format!(
            "{:?} {:?} {:?}",
            of.status_code(),
            of.content_type(),
            of.message_body()
        ));
    }
    told.join(" ")
}

/// What of a transform would be noticed if it changed.
pub(super) fn transform(transform: &RuleTransform) -> String {
    let host = transform.host_header_rewrite_config();
    let url = transform.url_rewrite_config();
    let rewrites = host.map(|of| of.rewrites()).into_iter();
    let rewrites = rewrites.chain(url.map(|of| of.rewrites())).flatten();
    let rewrites: Vec<_> = rewrites.map(|of| (of.regex(), of.replace())).collect();
    let kind = transform.r#type().map_or("", |kind| kind.as_str());
    format!("{kind} {rewrites:?}")
}

/// Whether a pattern of a condition, compared without regard to case, is this text.
pub(super) fn is_like(pattern: &str, text: &str) -> bool {
    like(
        pattern.to_ascii_lowercase().as_bytes(),
        text.to_ascii_lowercase().as_bytes(),
    )
}

fn like(pattern: &[u8], text: &[u8]) -> bool {
    match pattern.split_first() {
        None => text.is_empty(),
        Some((b'*', rest)) => (0..=text.len()).any(|from| like(rest, &text[from..])),
        Some((letter, rest)) => text.split_first().is_some_and(|(first, others)| {
            (letter == first || *letter == b'?') && like(rest, others)
        }),
    }
}
