//! The Smithy RPC v2 CBOR protocol of Amazon CloudWatch: the operation is in the path, and bodies are maps.

use aws_smithy_cbor::data::Type;
use aws_smithy_cbor::decode::DeserializeError;
use aws_smithy_cbor::{Decoder, Encoder};
use aws_smithy_types::DateTime;
use serde_json::{Map, Value, json};
use strategy_core::Timestamp;

use super::{Call, Refusal};
use crate::ecs::log::Service;

/// What comes before the operation in the path, from the SDK crate.
const CLOUDWATCH: &str = "/service/GraniteServiceVersion20100801/operation/";

pub(super) fn read(uri: &str, body: &[u8]) -> Result<Call, String> {
    let (_, operation) = uri
        .split_once(CLOUDWATCH)
        .ok_or_else(|| format!("there is no service at `{uri}` here"))?;
    let input = value(&mut Decoder::new(body)).map_err(|error| error.to_string())?;
    Ok(Call {
        service: Service::Alarms,
        operation: operation.to_owned(),
        input,
    })
}

/// Texts, whole numbers, flags, lists, maps and times, which are read as milliseconds: all that calls about alarms and
/// metrics have.
fn value(decoder: &mut Decoder<'_>) -> Result<Value, DeserializeError> {
    let at = decoder.position();
    let kind = decoder.datatype()?;
    if matches!(kind, Type::String | Type::StringIndef) {
        Ok(Value::String(decoder.string()?))
    } else if kind == Type::Bool {
        Ok(Value::Bool(decoder.boolean()?))
    } else if kind == Type::Null {
        decoder.null()?;
        Ok(Value::Null)
    } else if matches!(kind, Type::Array | Type::ArrayIndef) {
        let mut left = decoder.list()?;
        let mut items = Vec::new();
        while is_more(decoder, &mut left)? {
            items.push(value(decoder)?);
        }
        Ok(Value::Array(items))
    } else if matches!(kind, Type::Map | Type::MapIndef) {
        let mut left = decoder.map()?;
        let mut fields = Map::new();
        while is_more(decoder, &mut left)? {
            let name = decoder.string()?;
            fields.insert(name, value(decoder)?);
        }
        Ok(Value::Object(fields))
    } else if kind == Type::Tag {
        Ok(Value::from(decoder.timestamp()?.to_millis().map_err(
            |_| DeserializeError::custom("no such time", at),
        )?))
    } else {
        let whole = decoder.long();
        whole
            .map(Value::from)
            .map_err(|_| DeserializeError::custom(format!("no use for {kind:?}"), at))
    }
}

/// Whether a list or map goes on; one without a length ends with a mark of its own.
fn is_more(decoder: &mut Decoder<'_>, left: &mut Option<u64>) -> Result<bool, DeserializeError> {
    match left {
        Some(0) => Ok(false),
        Some(left) => {
            *left -= 1;
            Ok(true)
        }
        None if decoder.datatype()? == Type::Break => decoder.skip().map(|()| false),
        None => Ok(true),
    }
}

/// What is written as a time. No field of an answer is called so.
const TIME: &str = "a time";

/// A time in an answer.
pub(crate) fn time(at: Timestamp) -> Value {
    json!({ TIME: at.as_millis() })
}

pub(super) fn answer(output: &Value) -> Vec<u8> {
    let mut encoder = Encoder::new(Vec::new());
    write(&mut encoder, output);
    encoder.into_writer()
}

pub(super) fn refusal(refusal: &Refusal) -> Vec<u8> {
    answer(&json!({ "__type": refusal.code, "message": refusal.message }))
}

fn write(encoder: &mut Encoder, value: &Value) {
    match value {
        Value::Null => {
            encoder.null();
        }
        Value::Bool(flag) => {
            encoder.boolean(*flag);
        }
        Value::Number(number) => {
            match number.as_i64() {
                Some(whole) => encoder.long(whole),
                None => encoder.double(number.as_f64().unwrap_or_default()),
            };
        }
        Value::String(text) => {
            encoder.str(text);
        }
        Value::Array(items) => {
            encoder.array(items.len());
            items.iter().for_each(|item| write(encoder, item));
        }
        Value::Object(fields) if fields.contains_key(TIME) => {
            let millis = fields[TIME].as_i64().unwrap_or_default();
            encoder.timestamp(&DateTime::from_millis(millis));
        }
        Value::Object(fields) => {
            encoder.map(fields.len());
            for (name, field) in fields {
                encoder.str(name);
                write(encoder, field);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let input = json!({ "AlarmNames": ["a", "b"], "MaxRecords": 2, "Not": null, "Is": true });
        let call = read(
            &format!("https://monitoring.eu-west-1.amazonaws.com{CLOUDWATCH}DescribeAlarms"),
            &answer(&input),
        );
        let call = call.unwrap();
        assert_eq!(call.operation, "DescribeAlarms");
        assert_eq!(call.input, input);
        let times = answer(&json!([time(Timestamp::from_millis(1_500))]));
        let times = value(&mut Decoder::new(&times)).unwrap();
        assert_eq!(times, json!([1_500]));
        assert!(read("/service/Other/operation/DescribeAlarms", &answer(&input)).is_err());
    }
}
