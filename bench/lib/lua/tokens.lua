-- Presents another token with every request: arguments are a file of tokens, one of 63 characters a line, and the
-- order they are taken in, `in-turn` or `at-random`.
local LINE = 64
local text, count, head, tail, at_random
local index = 0

function init(args)
  local file = assert(io.open(args[1], 'rb'))
  text = file:read('*a')
  file:close()
  count = #text / LINE
  at_random = args[2] == 'at-random'
  wrk.headers['Authorization'] = 'Bearer TOKEN'
  local whole = wrk.format()
  local from, to = whole:find('TOKEN', 1, true)
  head, tail = whole:sub(1, from - 1), whole:sub(to + 1)
end

function request()
  if at_random then index = math.random(count) - 1 else index = (index + 1) % count end
  return head .. text:sub(index * LINE + 1, index * LINE + LINE - 1) .. tail
end
