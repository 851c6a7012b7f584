//! The operations that functions have a right to, and what each cost.

use bytes::Bytes;
use dynoxide::{Database, DynoxideError};

use crate::wire::{Reply, Units};

/// Whether it writes.
pub(super) fn is_write(operation: &str) -> bool {
    matches!(operation, "PutItem" | "UpdateItem" | "DeleteItem" | "BatchWriteItem" | "TransactWriteItems")
}

/// Reads a request as the engine's server would: some of its own checks hide in the parser.
fn parse<T: serde::de::DeserializeOwned>(body: &[u8]) -> Result<T, DynoxideError> {
    serde_json::from_slice(body).map_err(|e| {
        let text = e.to_string();
        match text.strip_prefix("VALIDATION:") {
            Some(rest) => DynoxideError::ValidationException(rest.to_owned()),
            None => DynoxideError::SerializationException(text),
        }
    })
}

fn finish<T: serde::Serialize>(response: &T, units: Units) -> Result<Reply, DynoxideError> {
    let body = serde_json::to_vec(response).map_err(|e| DynoxideError::InternalServerError(e.to_string()))?;
    Ok(Reply { status: 200, body: Bytes::from(body), units })
}

/// Runs an operation that reports its cost: asks for the cost always, hands it on only if the caller asked too.
macro_rules! metered {
    ($db:expr, $body:expr, $method:ident, $side:ident, $sum:expr) => {{
        let mut request = parse_as(Database::$method, $body)?;
        let asked = request.return_consumed_capacity.is_some_and(|c| c != "NONE");
        request.return_consumed_capacity = Some("INDEXES".to_owned());
        let mut response = $db.$method(request)?;
        let used: f64 = $sum(&response.consumed_capacity);
        if !asked {
            response.consumed_capacity = None;
        }
        finish(&response, Units { $side: used, ..Units::default() })
    }};
}

/// Lets a method name its own request type.
fn parse_as<R: serde::de::DeserializeOwned, T>(
    _: fn(&Database, R) -> dynoxide::Result<T>,
    body: &[u8],
) -> Result<R, DynoxideError> {
    parse(body)
}

/// Answers one operation.
pub(super) fn run(db: &Database, operation: &str, body: &[u8]) -> Result<Reply, DynoxideError> {
    use dynoxide::types::ConsumedCapacity;
    let one = |c: &Option<ConsumedCapacity>| c.as_ref().map_or(0.0, |c| c.capacity_units);
    let many = |c: &Option<Vec<ConsumedCapacity>>| c.iter().flatten().map(|c| c.capacity_units).sum();
    match operation {
        "GetItem" => metered!(db, body, get_item, read, one),
        "Query" => metered!(db, body, query, read, one),
        "Scan" => metered!(db, body, scan, read, one),
        "BatchGetItem" => metered!(db, body, batch_get_item, read, many),
        "TransactGetItems" => metered!(db, body, transact_get_items, read, many),
        "PutItem" => metered!(db, body, put_item, write, one),
        "UpdateItem" => metered!(db, body, update_item, write, one),
        "DeleteItem" => metered!(db, body, delete_item, write, one),
        "BatchWriteItem" => metered!(db, body, batch_write_item, write, many),
        "TransactWriteItems" => transact(db, body, many),
        "CreateTable" => finish(&db.create_table(parse(body)?)?, Units::default()),
        "DescribeTable" => finish(&db.describe_table(parse(body)?)?, Units::default()),
        "UpdateTable" => finish(&db.update_table(parse(body)?)?, Units::default()),
        "UpdateTimeToLive" => finish(&db.update_time_to_live(parse(body)?)?, Units::default()),
        other => Err(DynoxideError::ValidationException(format!("{other} is not offered on this machine"))),
    }
}

/// The engine scans its cache of request tokens at every transaction. Idempotency is ours (a condition on the commit
/// item), so the token that the SDK adds is dropped.
fn transact(
    db: &Database,
    body: &[u8],
    sum: impl Fn(&Option<Vec<dynoxide::types::ConsumedCapacity>>) -> f64,
) -> Result<Reply, DynoxideError> {
    let mut request: dynoxide::actions::transact_write_items::TransactWriteItemsRequest = parse(body)?;
    let asked = request.return_consumed_capacity.is_some_and(|c| c != "NONE");
    request.client_request_token = None;
    request.return_consumed_capacity = Some("INDEXES".to_owned());
    let mut response = db.transact_write_items(request)?;
    let write = sum(&response.consumed_capacity);
    if !asked {
        response.consumed_capacity = None;
    }
    finish(&response, Units { read: 0.0, write })
}
