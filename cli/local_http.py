"""HTTP to this machine, past any proxy."""

import urllib.request

local_http = urllib.request.build_opener(urllib.request.ProxyHandler({}))
