-- A request that a read-only token may not send.
wrk.method = 'POST'
wrk.body = '{}'
wrk.headers['Content-Type'] = 'application/json'
