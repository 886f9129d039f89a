# SPDX-License-Identifier: BSL-1.0
"""aws_signatures.py ACCESS_KEY SECRET_KEY SESSION_TOKEN

Plays any service of AWS: checks the signature of each request with botocore, whose code has nothing to do with libcurl's, and
answers with what it was sent; to one that is not signed as it should be, as AWS would.
"""
import datetime
import html
import http.server
import json
import os
import sys
import threading

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

access_key, secret_key, session_token = sys.argv[1:4]


def wrong_with(method, path, headers, body):
    """What is wrong with a request; empty if nothing is."""
    scheme, _, rest = headers.get("authorization", "").partition(" ")
    fields = dict(part.strip().split("=", 1) for part in rest.split(",") if "=" in part)
    key, date, region, service, end = fields.get("Credential", "////").split("/")
    signed = fields.get("SignedHeaders", "").split(";")
    if scheme != "AWS4-HMAC-SHA256" or end != "aws4_request":
        return "it is not signed"
    if key != access_key:
        return "the access key is another one"
    for name in signed + ["host", "x-amz-date", "content-type"] + [h for h in headers if h.startswith("x-amz-")]:
        if name not in headers or name not in signed:
            return "header " + name + " is not signed, or not sent"
    if headers.get("x-amz-security-token", "") != session_token:
        return "the session token is another one"
    now = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
    then = datetime.datetime.strptime(headers["x-amz-date"], "%Y%m%dT%H%M%SZ")
    if abs(now - then) > datetime.timedelta(minutes=5) or not headers["x-amz-date"].startswith(date):
        return "it is of another time"
    request = AWSRequest(method=method, url="http://" + headers["host"] + path, data=body,
                         headers={name: headers[name] for name in signed})
    request.context["timestamp"] = headers["x-amz-date"]
    signer = SigV4Auth(Credentials(access_key, secret_key, session_token or None), service, region)
    text = signer.string_to_sign(request, signer.canonical_request(request))
    return "" if signer.signature(text, request) == fields["Signature"] else "the signature is another one"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(int(headers.get("content-length", "0")))
        wrong = wrong_with(self.command, self.path, headers, body)
        is_query = headers.get("content-type", "").startswith("application/x-www-form-urlencoded")
        credential = headers.get("authorization", "").split("Credential=")[-1].split(",")[0]
        said = {"body": body.decode(), "path": self.path, "target": headers.get("x-amz-target", ""),
                "scope": "/".join(credential.split("/")[2:4])}
        if wrong:
            code, status = "SignatureDoesNotMatch", 403
            # AWS repeats what it has tried to sign, with the session token.
            message = wrong + ", for " + repr(headers)
            text = (f"<ErrorResponse><Error><Code>{code}</Code><Message>{html.escape(message)}</Message></Error></ErrorResponse>"
                    if is_query else json.dumps({"__type": "com.amazon#" + code, "message": message}))
        else:
            status = 200
            text = ("<Answer>" + "".join(f"<{n}>{html.escape(v)}</{n}>" for n, v in said.items()) + "</Answer>"
                    if is_query else json.dumps(said))
        data = text.encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_address[1], flush=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
sys.stdin.read()
os._exit(0)
