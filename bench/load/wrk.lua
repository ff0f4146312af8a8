-- Sends exactly the bytes of REQUEST, DEPTH times in one write: one script for every scenario, fed from inputs.js.
-- Giving wrk.format the answer keeps the request static: wrk takes it once and runs no Lua while it measures.

local message = os.getenv('REQUEST'):rep(tonumber(os.getenv('DEPTH')))

function init()
  wrk.format = function() return message end
end
