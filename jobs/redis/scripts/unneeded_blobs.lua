-- Which of these jobs left blobs that nobody needs: their record has expired, says that they are
-- erased or that there are no pictures; or there has been none for as long as the grace period (a
-- photo is stored before its job is recorded).
-- ARGV: prefix, grace ms, id, …   Returns {id, "expired", "erased" or "orphan", …}
local ORPHANS = P .. 'orphans'
local grace, answer = tonumber(ARGV[2]), {}

local function why(id)
  local state, erased = unpack(redis.call('HMGET', job_key(id), 'state', 'erased'))
  if state then
    redis.call('ZREM', ORPHANS, id)
    local has_none = state == 'failed' or state == 'canceled' or state == 'expired'
    return (erased or has_none) and 'erased' or nil
  end
  if redis.call('EXISTS', P .. 'gone:' .. id) == 1 then return 'expired' end
  redis.call('ZADD', ORPHANS, 'NX', now, id)
  return now - redis.call('ZSCORE', ORPHANS, id) >= grace and 'orphan' or nil
end

redis.call('ZREMRANGEBYSCORE', ORPHANS, '-inf', now - 10 * grace) -- seen once, gone since
for i = 3, #ARGV do
  local reason = why(ARGV[i])
  if reason then
    answer[#answer + 1] = ARGV[i]
    answer[#answer + 1] = reason
  end
end
return answer
