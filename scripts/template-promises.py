"""What we promise of infra/aws/template.yaml and no general tool asks for.

    template-promises.py TRANSLATED

TRANSLATED is the template as plain CloudFormation (scripts/check-template makes it). Prints each broken promise.
"""

import json
import re
import sys

resources = json.load(open(sys.argv[1], encoding="utf-8"))["Resources"]
broken = []


def of(kind):
    """All resources of a type, as (name, properties)."""
    return [(name, r.get("Properties", {})) for name, r in resources.items() if r["Type"] == kind]


def promise(kept, name, text):
    if not kept:
        broken.append(f"{name}: {text}")


def is_json(text):
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False


def target(value):
    """The resource behind a reference."""
    if not isinstance(value, dict):
        return None
    found = value.get("Ref") or value.get("Fn::GetAtt") or [None]
    return found if isinstance(found, str) else found[0]


# Functions: arm64, a role of one's own, a log that ends.
groups = {name: group for name, group in of("AWS::Logs::LogGroup")}
roles = []
for name, function in of("AWS::Lambda::Function"):
    promise(function.get("Architectures") == ["arm64"], name, "runs on arm64")
    promise(function.get("Timeout", 3) <= 60 and "MemorySize" in function, name, "says its time and memory")
    group = groups.get(target(function.get("LoggingConfig", {}).get("LogGroup")))
    promise(group and group.get("RetentionInDays"), name, "writes to a log group with a retention")
    roles.append(target(function.get("Role")))
promise(None not in roles and len(set(roles)) == len(roles), "functions", "have a role each")

# Roles: no statement of ours on everything, nothing beyond what SAM gives for logs.
for name, role in of("AWS::IAM::Role"):
    managed = [m for m in map(str, role.get("ManagedPolicyArns", [])) if "AWSLambdaBasicExecutionRole" not in m]
    promise(not managed, name, f"has no managed policy: {managed}")
    for policy in role.get("Policies", []):
        for statement in policy["PolicyDocument"]["Statement"]:
            actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
            promise(not any("*" in action for action in actions), name, f"names its actions: {actions}")
            promise("*" not in (statement["Resource"], *statement["Resource"]), name, "names its resources")
            if "dynamodb:DeleteItem" in actions:
                promise("dynamodb:LeadingKeys" in str(statement.get("Condition")), name, "deletes certain keys only")

# Events: what can't be delivered and what fails for good ends in a queue that somebody hears of.
functions = dict(of("AWS::Lambda::Function"))
failing = set()
for name, rule in of("AWS::Events::Rule"):
    for one in rule["Targets"]:
        promise("RetryPolicy" in one, name, "says how often it tries again")
        failing.add((name, target(one.get("DeadLetterConfig", {}).get("Arn"))))
        function = target(one["Arn"])
        if function in functions:
            failing.add((function, target(functions[function].get("DeadLetterConfig", {}).get("TargetArn"))))
for name, mapping in of("AWS::Lambda::EventSourceMapping"):
    source = target(mapping["EventSourceArn"])
    if "StartingPosition" in mapping:
        failing.add((name, target(mapping.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination"))))
    else:
        redrive = dict(of("AWS::SQS::Queue"))[source].get("RedrivePolicy", {})
        failing.add((source, target(redrive.get("deadLetterTargetArn"))))
    promise(mapping.get("FunctionResponseTypes") == ["ReportBatchItemFailures"], name, "names what failed, one by one")
always = [alarm for name, alarm in of("AWS::CloudWatch::Alarm") if "Condition" not in resources[name]]
watched = {target(d["Value"]) for alarm in always for d in alarm.get("Dimensions", []) if d["Name"] == "QueueName"}
for name, queue in sorted(failing, key=str):
    promise(queue, name, "has a dead letter queue")
    promise(not queue or queue in watched, name, f"has a dead letter queue with an alarm, whatever the scale: {queue}")

# Alarms: a coach alone pays for few; every alarm reaches the topic.
promise(len(always) <= 6, "alarms", f"are six at the most on solo, not {len(always)}")
for name, alarm in of("AWS::CloudWatch::Alarm"):
    promise([target(a) for a in alarm.get("AlarmActions", [])] == ["AlarmTopic"], name, "tells the topic")
    promise(resources[name].get("Condition") in (None, "IsBpo"), name, "depends on the scale only")
    metrics = alarm.get("Metrics", [])
    for metric in metrics:
        used = set(re.findall(r"\b[a-z]\w*", metric.get("Expression", "")))
        promise(used <= {m["Id"] for m in metrics}, name, f"computes with its own metrics: {metric.get('Expression')}")

# Routes: GET shows, POST decides, nothing else; API Gateway takes a variable for a whole segment only.
for name, api in of("AWS::ApiGatewayV2::Api"):
    for path, methods in api["Body"]["paths"].items():
        promise(set(methods) <= {"get", "post"}, name, f"takes GET and POST only: {path}")
        promise(re.fullmatch(r"(/([a-z-]+|\{[a-z]+\}))+", path), name, f"has paths of whole segments: {path}")

# The access log: who can read it must not be able to answer in somebody's place.
harmless = {"requestId", "requestTime", "routeKey", "status", "responseLatency"}
for name, stage in of("AWS::ApiGatewayV2::Stage"):
    text = stage.get("AccessLogSettings", {}).get("Format", "")
    named = set(re.findall(r"\$context\.([\w.]+)", text))
    promise(named and named <= harmless, name, f"logs routes, never paths: {sorted(named - harmless)}")
    promise(is_json(text), name, "logs one JSON object a line")
    group = groups.get(target(stage.get("AccessLogSettings", {}).get("DestinationArn")))
    promise(group and group.get("RetentionInDays"), name, "writes to a log group with a retention")

# The table: the office's memory.
for name, table in of("AWS::DynamoDB::Table"):
    promise(table.get("BillingMode") == "PAY_PER_REQUEST", name, "is paid by request")
    promise(table.get("DeletionProtectionEnabled") is True, name, "can't be deleted by mistake")
    promise(resources[name].get("DeletionPolicy") == "Retain", name, "stays when the stack goes")
    promise(resources[name].get("UpdateReplacePolicy") == "Retain", name, "stays when it is replaced")
    promise(
        table.get("PointInTimeRecoverySpecification", {}).get("PointInTimeRecoveryEnabled") is True,
        name,
        "can be brought back to any moment",
    )
    promise(table.get("SSESpecification", {}).get("SSEEnabled") is True, name, "is encrypted")
    promise(table.get("TimeToLiveSpecification", {}).get("Enabled") is True, name, "lets what expires go")
    promise("StreamViewType" in table.get("StreamSpecification", {}), name, "has a stream")
    indexes = {index["IndexName"]: index for index in table.get("GlobalSecondaryIndexes", [])}
    promise(set(indexes) == {"due", "desk"}, name, f"has an index of what is due and one for the desk: {sorted(indexes)}")
    for index in indexes.values():
        # What an index holds is paid for with every change of it, and isn't erased with the item's body.
        keys_only = index["Projection"]["ProjectionType"] == "KEYS_ONLY"
        promise(keys_only, name, f"has keys only in its index {index['IndexName']}")
for name, queue in of("AWS::SQS::Queue"):
    promise(queue.get("SqsManagedSseEnabled") is True, name, "is encrypted")

# The dashboard: a body that CloudWatch takes, no widget over another, every alarm on it.
dashboards = of("AWS::CloudWatch::Dashboard")
promise(len(dashboards) == 1, "dashboard", "there is one")
for name, dashboard in dashboards:
    promise(resources[name].get("Condition") == "IsBpo", name, "is for the bpo scale only")
    text = dashboard["DashboardBody"]["Fn::Sub"]
    for alarm, _ in of("AWS::CloudWatch::Alarm"):
        promise("${" + alarm + ".Arn}" in text, name, f"shows {alarm}")
    try:
        widgets = json.loads(re.sub(r"\$\{[^}]+\}", "x", text))["widgets"]
    except ValueError as error:
        promise(False, name, f"its body is not JSON: {error}")
        continue
    taken = set()
    for widget in widgets:
        title = widget["properties"]["title"]
        columns = range(widget["x"], widget["x"] + widget["width"])
        cells = {(x, y) for x in columns for y in range(widget["y"], widget["y"] + widget["height"])}
        promise(columns.stop <= 24 and not cells & taken, name, f"{title}: beyond the edge or over another")
        taken |= cells
        if widget["type"] == "metric":
            properties = widget["properties"]
            promise("region" in properties and properties.get("period"), name, f"{title}: has a region and a period")
            for metric in properties["metrics"]:
                expression = metric[0].get("expression") if isinstance(metric[0], dict) else None
                alone = expression and expression.startswith("SEARCH('{") and expression.endswith(", 300)")
                values = [part for part in metric if isinstance(part, str)]
                paired = values and (values[0] == "..." or len(values) % 2 == 0)
                promise(alone or (paired and "stat" in properties), name, f"{title}: not a metric: {metric}")

if broken:
    sys.exit("\n".join(["broken promises:", *broken]))
