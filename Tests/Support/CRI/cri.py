# SPDX-License-Identifier: Apache-2.0
"""cri.py SOCKET: a CRI client for tests in other languages.

Each line of stdin is a call, `{"call": "RunPodSandbox", "request": {...}}`, with the fields of cri.proto. The
response is a line of stdout: `{"reply": {...}}` without fields at their defaults, or
`{"error": "..."}`. Exits at the end of stdin.
"""

import json
import os
import sys
import tempfile

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory
from grpc_tools import protoc

TIMEOUT = 60  # seconds for a call, and until the runtime listens


def service():
    """Returns the descriptor of the service in cri.proto. Generated code would depend on the version of the library."""
    folder = os.path.dirname(os.path.abspath(__file__))
    with tempfile.NamedTemporaryFile() as file:
        status = protoc.main(["", f"-I{folder}", f"--descriptor_set_out={file.name}", "cri.proto"])
        if status != 0:
            sys.exit("cri.py: cri.proto cannot be compiled")
        files = descriptor_pb2.FileDescriptorSet.FromString(file.read())
    pool = descriptor_pool.DescriptorPool()
    pool.Add(files.file[0])
    return pool.FindServiceByName("runtime.v1.RuntimeService")


def message(descriptor):
    """Returns the class of a message. protobuf 4.22 has renamed the function."""
    if hasattr(message_factory, "GetMessageClass"):
        return message_factory.GetMessageClass(descriptor)
    return message_factory.MessageFactory().GetPrototype(descriptor)


def answer(channel, methods, line):
    call = json.loads(line)
    method = methods[call["call"]]
    request = message(method.input_type)()
    json_format.ParseDict(call["request"], request)
    invoke = channel.unary_unary(
        f"/{method.containing_service.full_name}/{method.name}",
        request_serializer=lambda request: request.SerializeToString(),
        response_deserializer=message(method.output_type).FromString,
    )
    try:
        reply = invoke(request, timeout=TIMEOUT, wait_for_ready=True)
    except grpc.RpcError as error:
        return {"error": f"{method.name}: {error.code().name}: {error.details()}"}
    return {"reply": json_format.MessageToDict(reply, preserving_proto_field_name=True)}


def main():
    # In protobuf 4, the view of the methods is empty after the service descriptor is freed.
    described = service()
    methods = described.methods_by_name
    with grpc.insecure_channel(f"unix://{sys.argv[1]}") as channel:
        for line in sys.stdin:
            print(json.dumps(answer(channel, methods, line)), flush=True)


main()
