"""Holds a server against botocore's own models of both Timestream services.

Every operation gets valid requests; then each constraint of the model on each of their members is broken, one by
one, and two at a time; and every answer must have the members that the model says, with their types.

    conformance.py URL

The server's bucket `source` must hold what the examples load: `rows.csv`, and a data model for it in `model.json`.
"""

import copy
import json
import re
import sys
import urllib.error
import urllib.request

import botocore.loaders
import botocore.model
from examples import examples

# Members of answers that are the server's own; SDKs skip them.
OWN = {"LocalScans"}
# What refuses valid requests: nothing here stops a task, so that it could be resumed.
REFUSED = {"ResumeBatchLoadTask": "cannot be resumed"}
# What a JSON value may be for a type of the model.
JSON_TYPES = {
    "string": {"string"},
    "integer": {"integer"},
    "long": {"integer"},
    "double": {"integer", "fraction"},
    "timestamp": {"integer", "fraction"},
    "boolean": {"boolean"},
    "list": {"array"},
    "structure": {"object"},
}
SAMPLES = {"string": "text", "integer": 7, "fraction": 0.5, "boolean": True, "array": [], "object": {}}


class Server:
    def __init__(self, url):
        self.url = url

    def send(self, operation, body):
        """Status and JSON of the answer."""
        headers = {
            "X-Amz-Target": f"Timestream_20181101.{operation}",
            "Content-Type": "application/x-amz-json-1.0",
        }
        request = urllib.request.Request(self.url, json.dumps(body).encode(), headers)
        try:
            with urllib.request.urlopen(request) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)


class Broken:
    """A valid request with one constraint broken."""

    def __init__(self, what, keys, change, kind):
        self.what = what
        self.keys = keys
        self.change = change
        self.kind = kind

    def apply(self, body):
        body = copy.deepcopy(body)
        if not self.keys:
            return self.change(body)
        parent = body
        for key in self.keys[:-1]:
            parent = parent[key]
        changed = self.change(parent[self.keys[-1]])
        if changed is MISSING:
            del parent[self.keys[-1]]
        else:
            parent[self.keys[-1]] = changed
        return body

    def place(self):
        """As the service's messages name the member."""
        place = ""
        for key in self.keys:
            place += f".{key + 1}.member" if isinstance(key, int) else f".{key[0].lower()}{key[1:]}"
        return place[1:]

    def clashes(self, other):
        """Whether both cannot be broken in one request: one is within the other."""
        return all(mine == theirs for mine, theirs in zip(self.keys, other.keys))


MISSING = object()


def json_type(value):
    match value:
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "fraction"
        case str():
            return "string"
        case list():
            return "array"
        case dict():
            return "object"
    return "null"


def broken(shape, value, keys=()):
    """Every constraint of `shape` on `value`, and on what is within."""

    def invalid(what, new):
        return Broken(f"{what} at {'.'.join(map(str, keys))}", keys, lambda _: new, "ValidationException")

    for name, sample in SAMPLES.items():
        if name not in JSON_TYPES[shape.type_name]:
            what = f"{name} for {shape.type_name} at {'.'.join(map(str, keys)) or 'the top'}"
            yield Broken(what, keys, lambda _, sample=sample: sample, "SerializationException")
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    match shape.type_name:
        case "structure":
            for member in shape.required_members:
                for what, new in (("missing", MISSING), ("null", None)):
                    place = (*keys, member)
                    yield Broken(f"{what} {member} at {'.'.join(map(str, keys))}", place, lambda _, new=new: new, "ValidationException")
            for member, inner in value.items():
                yield from broken(shape.members[member], inner, (*keys, member))
        case "list":
            if least:
                yield invalid("too short", value[: least - 1])
            if most:
                yield invalid("too long", (value * (most + 1))[: most + 1])
            for index, inner in enumerate(value):
                yield from broken(shape.member, inner, (*keys, index))
        case "string":
            if least:
                yield invalid("too short", "a" * (least - 1))
            if most:
                yield invalid("too long", "a" * (most + 1))
            if shape.enum:
                yield invalid("not of the enumeration", "SOMETHING_ELSE")
            if pattern := shape.metadata.get("pattern"):
                new = "not what it should be"
                assert not re.fullmatch(pattern, new), f"{pattern} matches {new!r}"
                yield invalid("not of the pattern", new)
        case "integer" | "long":
            if least is not None:
                yield invalid("too small", least - 1)
            if most is not None:
                yield invalid("too large", most + 1)


def members_of(shape, seen=()):
    """Every member of an input, as a path."""
    match shape.type_name:
        case "structure":
            for name, member in shape.members.items():
                yield (*seen, name)
                yield from members_of(member, (*seen, name))
        case "list":
            yield from members_of(shape.member, seen)


def members_in(value, seen=()):
    """Every member of a request, as a path."""
    match value:
        case dict():
            for name, inner in value.items():
                yield (*seen, name)
                yield from members_in(inner, (*seen, name))
        case list():
            for inner in value:
                yield from members_in(inner, seen)


def wrong(shape, value, place="the answer"):
    """What is wrong with an answer."""
    if json_type(value) not in JSON_TYPES[shape.type_name]:
        yield f"{place} is {value!r}, not a {shape.type_name}"
        return
    match shape.type_name:
        case "structure":
            for member in shape.required_members:
                if member not in value:
                    yield f"{place} lacks {member}"
            for member, inner in value.items():
                if member in shape.members:
                    yield from wrong(shape.members[member], inner, f"{place}.{member}")
                elif member not in OWN:
                    yield f"{place} has {member}, which the model does not know"
        case "list":
            for index, inner in enumerate(value):
                yield from wrong(shape.member, inner, f"{place}[{index}]")
        case "string":
            if shape.enum and value not in shape.enum:
                yield f"{place} is {value!r}, none of {shape.enum}"
            if not shape.metadata.get("min", 0) <= len(value) <= shape.metadata.get("max", len(value)):
                yield f"{place} is {value!r}, shorter or longer than the model says"


def operations():
    """The operations of both services. Of one that both have, the shape of the query service: its bounds are the
    wider ones, and its inputs have all that the other's have."""
    loader = botocore.loaders.Loader()
    found = {}
    for service in ("timestream-write", "timestream-query"):
        model = botocore.model.ServiceModel(loader.load_service_model(service, "service-2"), service)
        found |= {name: model.operation_model(name) for name in model.operation_names}
    return found


def check(server):
    """All that is wrong, and how many requests were sent."""
    known, seen, answers, sent = operations(), {}, {}, 0
    count = sum(1 for _ in examples({}))
    for number in range(count):
        # Made anew: it may hold what an answer so far has brought.
        name, body = list(examples(answers))[number]
        shape = known[name].input_shape
        seen.setdefault(name, set()).update(members_in(body))
        refused = [one for one in broken(shape, body)]
        if name.startswith(("Delete", "Create", "Resume", "Cancel")):
            # What it would have made or removed by mistake would be in the way of the valid request.
            yield from refuse(server, name, body, refused)
        status, answer = server.send(name, body)
        if refusal := REFUSED.get(name):
            if status != 400 or answer.get("__type") != "ValidationException" or refusal not in answer["Message"]:
                yield f"{name}: {status} {answer}, not that it {refusal}"
        elif status != 200:
            yield f"{name}: {status} {answer} to {json.dumps(body)[:300]}"
        elif known[name].output_shape:
            yield from (f"{name}: {what}" for what in wrong(known[name].output_shape, answer))
        answers[name] = answer
        if not name.startswith(("Delete", "Create", "Resume", "Cancel")):
            yield from refuse(server, name, body, refused)
        sent += len(refused)

    for name, operation in known.items():
        lacking = set(members_of(operation.input_shape)) - seen.get(name, set())
        if name not in seen:
            yield f"{name}: it has no example here"
        elif lacking:
            yield f"{name}: no example has {sorted('.'.join(path) for path in lacking)}"
    print(f"{len(known)} operations, {sent} broken requests")


def refuse(server, name, body, refused):
    """Sends broken requests, one by one, and pairs of neighbours."""
    for one in refused:
        status, answer = server.send(name, one.apply(body))
        message = answer.get("Message", "")
        told = one.kind == "SerializationException" or f"at '{one.place()}' failed to satisfy constraint" in message
        if status != 400 or answer.get("__type") != one.kind or not told:
            yield f"{name}: {one.what}: {status} {json.dumps(answer)[:300]}"
    constraints = [one for one in refused if one.kind == "ValidationException"]
    for one, other in zip(constraints, constraints[1:]):
        if one.clashes(other):
            continue
        status, answer = server.send(name, other.apply(one.apply(body)))
        message = answer.get("Message", "")
        told = all(f"at '{each.place()}' failed" in message for each in (one, other))
        if status != 400 or not re.match("[2-9] validation errors detected: ", message) or not told:
            yield f"{name}: {one.what} and {other.what}: {status} {json.dumps(answer)[:300]}"


if __name__ == "__main__":
    faults = list(check(Server(sys.argv[1])))
    print("\n".join(faults))
    sys.exit(bool(faults))
