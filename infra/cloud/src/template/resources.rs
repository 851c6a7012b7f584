//! The permitted resources, property by property. A property that isn't named here is refused at load. `Plain` marks
//! those that say nothing about behaviour on one machine: packaging, permissions, encryption, logs.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

/// Permitted, and of no consequence here.
pub(super) type Plain = Option<IgnoredAny>;

/// Resource types that exist only for AWS, and why nothing is lost without them.
pub(super) const IGNORED: &[(&str, &str)] = &[
    ("AWS::Serverless::HttpApi", "throttling and access logs; routes stand at the functions"),
    ("AWS::SQS::QueuePolicy", "permissions"),
    ("AWS::IAM::Role", "permissions"),
    ("AWS::SES::ConfigurationSet", "only its name matters, and its events stand beside it"),
    ("AWS::Logs::LogGroup", "logs go to standard error"),
    ("AWS::SNS::Topic", "alarms"),
    ("AWS::SNS::Subscription", "alarms"),
    ("AWS::CloudWatch::Alarm", "alarms"),
    ("AWS::CloudWatch::Dashboard", "a picture"),
];

macro_rules! shape {
    ($(#[$doc:meta])* $name:ident { $($field:ident : $type:ty = $key:literal),* $(,)? } plain { $($plain:ident = $pkey:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Default, Deserialize)]
        #[serde(deny_unknown_fields, default)]
        pub(super) struct $name {
            $(#[serde(rename = $key)] pub(super) $field: $type,)*
            $(#[serde(rename = $pkey)] $plain: Plain,)*
        }
    };
}

shape!(Resource { kind: String = "Type", properties: Value = "Properties", condition: Option<String> = "Condition" }
    plain { deletion = "DeletionPolicy", replace = "UpdateReplacePolicy", depends = "DependsOn", metadata = "Metadata" });

shape!(Function {
    name: Value = "FunctionName", timeout: Option<u64> = "Timeout", memory: Option<u32> = "MemorySize",
    environment: Environment = "Environment", events: BTreeMap<String, Event> = "Events",
    dead_letter_queue: Option<FunctionDeadLetter> = "DeadLetterQueue", invoke: Option<Invoke> = "EventInvokeConfig",
} plain {
    code = "CodeUri", policies = "Policies", description = "Description", runtime = "Runtime",
    architectures = "Architectures", handler = "Handler", logging = "LoggingConfig",
});

shape!(Environment { variables: BTreeMap<String, Value> = "Variables" } plain {});
shape!(Invoke { retries: Option<u32> = "MaximumRetryAttempts" } plain {});
shape!(FunctionDeadLetter { kind: String = "Type", arn: Value = "TargetArn" } plain {});
shape!(Event { kind: String = "Type", properties: Value = "Properties" } plain {});
shape!(HttpEvent { method: String = "Method", path: String = "Path" } plain { api = "ApiId" });

// How often the bus itself tries to reach its target says nothing here: within one process it always does.
shape!(RuleEvent { bus: Value = "EventBusName", pattern: Value = "Pattern" } plain { retry = "RetryPolicy", dead = "DeadLetterConfig" });
shape!(ScheduleEvent { name: Value = "Name", expression: String = "ScheduleExpression",
    zone: Option<String> = "ScheduleExpressionTimezone", input: Option<String> = "Input" } plain { retry = "RetryPolicy", dead = "DeadLetterConfig", description = "Description" });

shape!(Rule { bus: Value = "EventBusName", pattern: Value = "EventPattern", targets: Vec<RuleTarget> = "Targets" }
    plain { description = "Description", name = "Name" });
shape!(RuleTarget { arn: Value = "Arn" } plain { id = "Id", role = "RoleArn", retry = "RetryPolicy", dead = "DeadLetterConfig" });

shape!(Queue { visibility: Option<u64> = "VisibilityTimeout", redrive: Option<Redrive> = "RedrivePolicy" }
    plain { name = "QueueName", sse = "SqsManagedSseEnabled", retention = "MessageRetentionPeriod" });
shape!(Redrive { queue: Value = "deadLetterTargetArn", count: u32 = "maxReceiveCount" } plain {});

shape!(Mapping {
    function: Value = "FunctionName", source: Value = "EventSourceArn", batch: Option<usize> = "BatchSize",
    start: Option<String> = "StartingPosition", filters: Option<Filters> = "FilterCriteria",
    responses: Vec<String> = "FunctionResponseTypes", scaling: Option<Scaling> = "ScalingConfig",
    bisect: bool = "BisectBatchOnFunctionError", retries: Option<i64> = "MaximumRetryAttempts",
    destination: Option<Destination> = "DestinationConfig",
} plain {});
shape!(Filters { filters: Vec<Filter> = "Filters" } plain {});
shape!(Filter { pattern: String = "Pattern" } plain {});
shape!(Scaling { concurrency: Option<usize> = "MaximumConcurrency" } plain {});
shape!(Destination { failure: Option<Failure> = "OnFailure" } plain {});
shape!(Failure { destination: Value = "Destination" } plain {});

shape!(Table {
    attributes: Value = "AttributeDefinitions", keys: Vec<Key> = "KeySchema", billing: Value = "BillingMode",
    indexes: Vec<Value> = "GlobalSecondaryIndexes", stream: Option<Stream> = "StreamSpecification",
    expiry: Option<Expiry> = "TimeToLiveSpecification",
} plain {
    name = "TableName", protection = "DeletionProtectionEnabled", recovery = "PointInTimeRecoverySpecification",
    sse = "SSESpecification",
});
shape!(
    #[derive(serde::Serialize)]
    Key { name: String = "AttributeName", kind: String = "KeyType" } plain {});
shape!(Index { name: String = "IndexName", keys: Vec<Key> = "KeySchema" } plain { projection = "Projection" });
shape!(Stream { view: String = "StreamViewType" } plain {});
shape!(Expiry { attribute: String = "AttributeName", enabled: bool = "Enabled" } plain {});

shape!(Bus {} plain { name = "Name", description = "Description" });
shape!(EventDestination { set: Value = "ConfigurationSetName", to: MailDestination = "EventDestination" } plain {});
shape!(MailDestination { enabled: bool = "Enabled", types: Vec<String> = "MatchingEventTypes", bus: Option<MailBus> = "EventBridgeDestination" }
    plain { name = "Name" });
shape!(MailBus { arn: Value = "EventBusArn" } plain {});
