//! The query protocol of Elastic Load Balancing: `Actions.member.1.ForwardConfig…=…` as a tree.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::Call;
use crate::ecs::log::Service;

#[derive(Default)]
struct Node {
    text: Option<String>,
    children: BTreeMap<String, Self>,
}

impl Node {
    fn insert(&mut self, path: &str, text: String) {
        match path.split_once('.') {
            Some((first, rest)) => {
                let child = self.children.entry(first.to_owned()).or_default();
                child.insert(rest, text);
            }
            None => {
                self.children.entry(path.to_owned()).or_default().text = Some(text);
            }
        }
    }

    /// What is numbered, in order.
    fn into_list(self) -> Value {
        let mut numbered: Vec<(u64, Self)> = self
            .children
            .into_iter()
            .filter_map(|(number, node)| Some((number.parse().ok()?, node)))
            .collect();
        numbered.sort_by_key(|(number, _)| *number);
        let nodes = numbered.into_iter();
        nodes.map(|(_, node)| node.into_value()).collect()
    }

    fn into_value(mut self) -> Value {
        if let Some(members) = self.children.remove("member") {
            return members.into_list();
        }
        // A map: its pairs are kept as they come.
        if let Some(pairs) = self.children.remove("entry") {
            return Value::Object(Map::from_iter([("entry".to_owned(), pairs.into_list())]));
        }
        if self.children.is_empty() {
            return Value::String(self.text.unwrap_or_default());
        }
        let fields = self.children.into_iter();
        Value::Object(
            fields
                .map(|(name, node)| (name, node.into_value()))
                .collect::<Map<_, _>>(),
        )
    }
}

pub(super) fn read(body: &[u8]) -> Result<Call, String> {
    let mut root = Node::default();
    for (path, text) in form_urlencoded::parse(body) {
        root.insert(&path, text.into_owned());
    }
    root.children.remove("Version");
    let operation = root
        .children
        .remove("Action")
        .and_then(|node| node.text)
        .ok_or("there is neither x-amz-target nor an Action")?;
    let mut input = root.into_value();
    if input.is_string() {
        // A call without any parameter.
        input = Value::Object(Map::new());
    }
    Ok(Call {
        service: Service::LoadBalancing,
        operation,
        input,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn lists_are_in_the_order_of_their_numbers_and_text_is_decoded() {
        let body = b"Action=ModifyRule&Version=2015-12-01&RuleArn=a%2Fb&A.member.2.X=two&A.member.10.X=ten&A.member.1.X=one&Empty=";
        let call = read(body).unwrap();
        assert_eq!(call.operation, "ModifyRule");
        assert_eq!(
            call.input,
            json!({ "RuleArn": "a/b", "Empty": "", "A": [{"X": "one"}, {"X": "two"}, {"X": "ten"}] })
        );
    }
}
