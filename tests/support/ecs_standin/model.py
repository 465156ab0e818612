"""Checks requests and replies against botocore's models of the AWS APIs, which are not ours: a member
that does not exist, has another type or is not among an enumeration's values is a problem."""

import functools
import numbers

import botocore.session

TARGETS = {
    "AmazonEC2ContainerServiceV20141113": "ecs",
    "CodeDeploy_20141006": "codedeploy",
    "Logs_20140328": "logs",
}


@functools.lru_cache(maxsize=None)
def service_model(service):
    return botocore.session.get_session().get_service_model(service)


def shapes(service, action):
    """The input and output shapes of an action; (None, None) when there is no such action."""
    model = service_model(service)
    if action not in model.operation_names:
        return None, None
    operation = model.operation_model(action)
    return operation.input_shape, operation.output_shape


def request_problems(service, action, value):
    shape = shapes(service, action)[0]
    return list(_problems(shape, value, f"{action} request", True)) if shape else []


def reply_problems(service, action, value):
    shape = shapes(service, action)[1]
    return list(_problems(shape, value, f"{action} reply", False)) if shape else []


def error_problems(service, action, code):
    """Errors that every API has, or that this action's model names."""
    common = {
        "AccessDeniedException", "ExpiredTokenException", "ThrottlingException", "SerializationException",
        "InternalFailure", "ServiceUnavailable", "UnrecognizedClientException", "InvalidSignatureException",
        "MissingAuthenticationTokenException", "IncompleteSignatureException",
    }  # fmt: skip
    operation = service_model(service).operation_model(action)
    known = {shape.name for shape in operation.error_shapes} | common
    return [] if code in known else [f"{action} has no error {code}"]


def _problems(shape, value, path, request):
    check = {
        "structure": _structure, "list": _list, "map": _map,
    }.get(shape.type_name)  # fmt: skip
    if check:
        yield from check(shape, value, path, request)
        return
    wanted = {
        "string": str, "boolean": bool, "integer": int, "long": int, "timestamp": numbers.Real,
        "double": numbers.Real, "float": numbers.Real, "blob": str,
    }[shape.type_name]  # fmt: skip
    if not isinstance(value, wanted) or (wanted is not bool and isinstance(value, bool)):
        yield f"{path}: {value!r} is no {shape.type_name}"
    elif getattr(shape, "enum", None) and value not in shape.enum:
        yield f"{path}: {value!r} is none of {', '.join(shape.enum)}"


def _structure(shape, value, path, request):
    if not isinstance(value, dict):
        yield f"{path}: {value!r} is no structure"
        return
    for name, member in value.items():
        if name in shape.members:
            yield from _problems(shape.members[name], member, f"{path}.{name}", request)
        else:
            yield f"{path}.{name}: the model has no such member"
    if request:
        for name in shape.required_members:
            if name not in value:
                yield f"{path}.{name}: is required"


def _list(shape, value, path, request):
    if not isinstance(value, list):
        yield f"{path}: {value!r} is no list"
        return
    for i, item in enumerate(value):
        yield from _problems(shape.member, item, f"{path}[{i}]", request)


def _map(shape, value, path, request):
    if not isinstance(value, dict):
        yield f"{path}: {value!r} is no map"
        return
    for name, item in value.items():
        yield from _problems(shape.value, item, f"{path}.{name}", request)
