-- Accept a job: record and queue entry at once. The record lives on until ttl after its end.
-- ARGV: prefix, id, bound, queue, owner, ttl ms, deadline ms or "", name, value, …
-- Returns {"exists"} | {"full", waiting, ms a job} | {"queued", ring}
local id, queue, owner, ttl = ARGV[2], ARGV[4], ARGV[5], tonumber(ARGV[6])
if redis.call('EXISTS', job_key(id)) == 1 then return {'exists'} end
local count = waiting()
if count >= tonumber(ARGV[3]) then
  return {'full', count, redis.call('HGET', PACE, 'interval') or '0'}
end

-- Start-time fair queueing: each owner's next job stands one step behind its last one, so that
-- owners take turns however many jobs each has waiting.
local fair = queue .. ':fair'
local passed = tonumber(redis.call('HGET', fair, '') or '0')
local own = tonumber(redis.call('HGET', fair, owner) or '0')
local score = math.max(passed, own) + 1
redis.call('HSET', fair, owner, score)
redis.call('ZADD', queue, score, id)

local fields = {'state', 'queued', 'attempts', 0, 'created_at', now, 'expires_at', now + ttl,
  'ttl', ttl, 'queue', queue, 'score', score, 'owner', owner}
if ARGV[7] ~= '' then
  fields[#fields + 1] = 'start_by'
  fields[#fields + 1] = now + ARGV[7]
end
for i = 8, #ARGV do fields[#fields + 1] = ARGV[i] end
redis.call('HSET', job_key(id), unpack(fields))
return {'queued', ring()}
