//! The template: what is taken from it, and what is refused.

use serde_json::json;

use crate::router::Router;
use crate::schedule::When;
use crate::template::{BUILT_IN, Target, Template};

fn built_in() -> Template {
    Template::built_in().expect("the template that is deployed can be hosted")
}

#[test]
fn the_deployed_template_is_understood_as_a_whole() {
    let template = built_in();
    let routes: Vec<_> = template.routes.iter().map(|r| format!("{} {} {}", r.method, r.path, r.function)).collect();
    assert!(routes.contains(&"POST /hooks/forms/{client}/{form} receive-form".to_owned()), "{routes:?}");
    assert!(routes.contains(&"GET /a/{token} answer-ask".to_owned()));
    let mapping = &template.queue_mappings[0];
    assert_eq!(
        (mapping.queue.as_str(), mapping.function.as_str(), mapping.partial),
        ("SendMessageQueue", "send-message", true)
    );
    let queue = &template.queues["SendMessageQueue"];
    assert_eq!(queue.redrive, Some((5, "DeadLetterQueue".to_owned())));
    assert_eq!(template.stream.function, "publish-journal");
    assert_eq!(template.stream.dead_letter_queue.as_deref(), Some("UndeliveredQueue"));
    assert_eq!(template.schedules[0].when, When::Rate(60));
    assert_eq!(template.functions["wake-due"].retries, 0);
    assert_eq!(template.functions["classify-inquiry"].retries, 2);
    assert_eq!(template.functions["classify-inquiry"].dead_letter_queue.as_deref(), Some("DeadLetterQueue"));
    assert_eq!(template.table.expires.as_deref(), Some("expires_at"));
    assert_eq!(template.bus, "banto");
}

#[test]
fn functions_find_the_same_settings_as_on_aws() {
    let template = built_in();
    assert_eq!(template.variable("notify", "BANTO_TABLE"), Some(template.table.name.as_str()));
    assert_eq!(template.variable("publish-journal", "BANTO_BUS"), Some(template.bus.as_str()));
    let url = template.variable("publish-journal", "BANTO_UNDELIVERED_QUEUE_URL").expect("a queue");
    assert_eq!(template.queue_by_url(url).expect("is ours").name, "UndeliveredQueue");
    let set = template.mail_events.as_ref().map(|m| m.configuration_set.as_str());
    assert_eq!(template.variable("send-message", "BANTO_CONFIGURATION_SET"), set);
    assert_eq!(template.variable("notify", "BANTO_PUBLIC_URL"), None, "it has no default");
}

#[test]
fn every_function_of_the_template_is_in_the_registry() {
    let plan = crate::plan::Plan::new(built_in(), crate::registry::functions()).expect("they fit");
    assert_eq!(plan.template.functions.len(), crate::registry::functions().len(), "none is left over");
}

#[test]
fn what_the_host_would_not_do_as_aws_does_is_refused() {
    for (from, to, says) in [
        (
            "Type: AWS::Events::EventBus\n",
            "Type: AWS::Events::Archive\n",
            "AWS::Events::Archive is not a resource type",
        ),
        ("VisibilityTimeout: 180", "DelaySeconds: 180", "unknown field `DelaySeconds`"),
        (
            "MaximumRetryAttempts: 0\n      Events",
            "MaximumEventAgeInSeconds: 60\n      Events",
            "MaximumEventAgeInSeconds",
        ),
        ("StartingPosition: TRIM_HORIZON", "StartingPosition: LATEST", "must be TRIM_HORIZON"),
        ("action: [notify]", "action: [{wildcard: 1}]", "wildcard: 1 is not an operand"),
        ("rate(1 minute)", "rate(1 week)", "expected rate(5 minutes)"),
        ("Type: ScheduleV2", "Type: SNS", "SNS events are not carried out here"),
        ("Method: GET", "Method: ANY", "a route is GET or POST"),
        (
            "    Type: AWS::Events::EventBus\n",
            "    Type: AWS::Events::EventBus\n    Condition: IsBpo\n",
            "must not depend on a condition",
        ),
        (
            "Fn::GetAtt: [SendMessageQueue, Arn]\n          RetryPolicy",
            "Fn::GetAtt: [UndeliveredQueue, Arn]\n          RetryPolicy",
            "which no function reads",
        ),
    ] {
        let changed = BUILT_IN.replacen(from, to, 1);
        assert_ne!(changed, BUILT_IN, "{from} is no longer in the template");
        let error = Template::parse(&changed).expect_err(to).to_string();
        assert!(error.contains(says) && error.contains("Resources."), "{to}: {error}");
    }
}

#[test]
fn an_event_goes_where_the_rules_say() {
    let template = built_in();
    let router = Router::new(&template).expect("compiles");
    let targets = |bus: &str, event: &serde_json::Value| -> Vec<Target> {
        router.route(bus, event).into_iter().map(|r| r.target).collect()
    };
    let action = |name: &str| json!({ "source": "banto", "detail-type": "node.entered", "detail": { "action": name } });
    assert_eq!(targets("banto", &action("notify")), [Target::Function("notify".to_owned())]);
    assert_eq!(targets("banto", &action("send-message")), [Target::Queue("SendMessageQueue".to_owned())]);
    assert_eq!(targets("banto", &action("nobody")), []);
    assert_eq!(targets("default", &action("notify")), [], "not our bus");
    let mail = |set: &str| json!({ "source": "aws.ses", "detail": { "mail": { "tags": { "ses:configuration-set": [set] } } } });
    assert_eq!(targets("default", &mail("banto")), [Target::Function("record-delivery".to_owned())], "passed on");
    assert_eq!(targets("default", &mail("another")), []);
}

#[test]
fn only_new_commits_are_read_from_the_stream() {
    let router = Router::new(&built_in()).expect("compiles");
    let record = |name: &str, sk: &str| json!({ "eventName": name, "dynamodb": { "Keys": { "sk": { "S": sk } } } });
    assert!(router.wants_record(&record("INSERT", "C#1")));
    assert!(!router.wants_record(&record("MODIFY", "C#1")));
    assert!(!router.wants_record(&record("INSERT", "S")));
}
