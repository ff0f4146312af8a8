# An upload by python3-requests, for upload-python.test.ts: it posts what it is told to, and prints the answer.
#
#   upload-requests.py URL FORM
#
# FORM is JSON: { "data": [[name, text], ..], "files": [[name, [filename, path, type]], ..] }; type null is left out.
import json
import sys

import requests

url = sys.argv[1]
form = json.loads(sys.argv[2])


def opened(filename, path, content_type):
    file = open(path, "rb")
    return (filename, file) if content_type is None else (filename, file, content_type)


files = [(name, opened(*file)) for name, file in form.get("files", [])]
answer = requests.post(url, data=[tuple(pair) for pair in form.get("data", [])], files=files or None, timeout=15)
answer.raise_for_status()
print(answer.text)
