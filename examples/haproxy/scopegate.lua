-- Asks Scopegate whether a request may pass: POST /issue/1 is asked as POST /authorize/<application>/issue/1, with the
-- lines of the request and without its body. Needs no other Lua module.
--
--   http-request lua.scopegate <address> <port> <application>
--
-- sets txn.scopegate to "allowed" (a token) or "passed" (no token) if the request may pass; else it answers.

local WAIT_SECONDS = 5
local MAX_LINES = 200
local MAX_BODY_BYTES = 16384

-- Of the connection to the client, or about the body, which Scopegate does not get.
local NOT_ASKED = {
  ['connection'] = true, ['content-length'] = true, ['expect'] = true, ['host'] = true, ['keep-alive'] = true,
  ['proxy-connection'] = true, ['te'] = true, ['trailer'] = true, ['transfer-encoding'] = true,
}

-- Lines of every answer of Scopegate; all the others are what the application must get.
local OF_THE_ANSWER = {
  ['cache-control'] = true, ['connection'] = true, ['content-length'] = true, ['content-type'] = true, ['date'] = true,
  ['keep-alive'] = true, ['transfer-encoding'] = true, ['vary'] = true, ['x-scopegate-code'] = true,
  ['x-scopegate-status'] = true,
}

-- Many servers read every mark in a name as "-".
local function fold(name)
  return (name:lower():gsub('[^a-z0-9]', '-'))
end

-- A body of HTTP/2 may have neither line: haproxy.cfg waits for its first byte where this matters.
local function has_body(txn, headers)
  local length = headers['content-length']
  return headers['transfer-encoding'] ~= nil or (length ~= nil and length[0]:find('[^0]') ~= nil)
    or tonumber(txn.f:req_body_size()) > 0
end

local function question(txn, address, port, application)
  local lines = {
    txn.f:method() .. ' /authorize/' .. application .. txn.f:url() .. ' HTTP/1.1',
    'Host: ' .. address .. ':' .. port,
    'Connection: close',
  }
  local headers = txn.http:req_get_headers()
  -- Says that there is a body, which Scopegate does not get; it changes nothing else (RFC 9110 8.4.1).
  if has_body(txn, headers) and not headers['content-encoding'] then lines[#lines + 1] = 'Content-Encoding: identity' end
  for name, values in pairs(headers) do
    local index = 0
    while not NOT_ASKED[name] and values[index] do
      lines[#lines + 1] = name .. ': ' .. values[index]
      index = index + 1
    end
  end
  return table.concat(lines, '\r\n') .. '\r\n\r\n'
end

local function value_of(answer, key)
  for _, line in ipairs(answer.lines) do
    if line.key == key then return line.value end
  end
  return ''
end

-- Nil if the answer is not complete.
local function read(socket)
  local status = (socket:receive('*l') or ''):match('^HTTP/1%.1 (%d%d%d) ')
  if not status then return nil end
  local answer = { status = tonumber(status), lines = {}, body = nil }
  for _ = 1, MAX_LINES do
    local line = (socket:receive('*l') or ':'):gsub('\r$', '')
    if line == '' then
      local length = tonumber(value_of(answer, 'content-length')) or 0
      if length > 0 and length <= MAX_BODY_BYTES then answer.body = socket:receive(length) end
      return answer
    end
    local name, value = line:match('^([^:%s]+):[ \t]*(.-)[ \t]*$')
    if not name then return nil end
    answer.lines[#answer.lines + 1] = { name = name, key = name:lower(), value = value }
  end
  return nil
end

local function ask(address, port, bytes)
  local socket = core.tcp()
  socket:settimeout(WAIT_SECONDS)
  local answer = socket:connect(address, port) and socket:send(bytes) and read(socket)
  socket:close()
  return answer
end

-- Replaces what Scopegate answered; an empty line removes the client's. False if there is no room for a line.
local function replace(txn, answer)
  local answered = {}
  for _, line in ipairs(answer.lines) do
    if not OF_THE_ANSWER[line.key] then answered[fold(line.name)] = true end
  end
  for name in pairs(txn.http:req_get_headers()) do
    if answered[fold(name)] then txn.http:req_del_header(name) end
  end
  for _, line in ipairs(answer.lines) do
    if answered[fold(line.name)] and line.value ~= '' then txn.http:req_add_header(line.name, line.value) end
  end
  local replaced = txn.http:req_get_headers()
  for _, line in ipairs(answer.lines) do
    if answered[fold(line.name)] and line.value ~= '' and not replaced[line.key] then return false end
  end
  return true
end

local function refuse(txn, answer)
  local reply = txn:reply()
  reply:set_status(answer.status)
  for _, line in ipairs(answer.lines) do
    if line.key ~= 'connection' and line.key ~= 'keep-alive' and line.key ~= 'content-length'
      and line.key ~= 'transfer-encoding' then
      reply:add_header(line.name, line.value)
    end
  end
  if answer.body then reply:set_body(answer.body) end
  txn:done(reply)
end

core.register_action('scopegate', { 'http-req' }, function(txn, address, port, application)
  local answer = ask(address, port, question(txn, address, port, application))
  -- The variable is not set, so HAProxy refuses the request.
  if not answer then return end
  if answer.status == 200 then
    local code = value_of(answer, 'x-scopegate-code')
    if code ~= 'allowed' and code ~= 'passed' then return end
    if replace(txn, answer) then txn:set_var('txn.scopegate', code) end
  elseif answer.status >= 400 then
    refuse(txn, answer)
  end
end, 3)
