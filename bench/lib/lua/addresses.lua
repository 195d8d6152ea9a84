-- Every request comes from another client address, so that no remembered answer is measured.
local requests, index = {}, 0

function init()
  for third = 0, 8 do
    for fourth = 1, 250 do
      wrk.headers['X-Forwarded-For'] = '10.0.' .. third .. '.' .. fourth
      requests[#requests + 1] = wrk.format()
    end
  end
end

function request()
  index = index % #requests + 1
  return requests[index]
end
