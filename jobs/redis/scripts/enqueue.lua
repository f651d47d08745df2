-- Accept a job: record and queue entry at once. The record lives on until ttl after its end.
-- ARGV: prefix, id, owner, key or "", digest, ttl ms, bound, 1 where owners share it, queue,
--       deadline ms or "", fingerprint of a result that may be reused or "", jobs a day or 0,
--       token under which some of them are held or "", name, value, …
-- Returns what is known of it (see the prelude) | {"cached", id, record} | a refusal (see the prelude)
--       | {"quota", ms of the day left}
--       | {"new", for how many more there is room, notify, now, how many are before it, ms a job}
local id, owner, key, digest, ttl = ARGV[2], ARGV[3], ARGV[4], ARGV[5], tonumber(ARGV[6])
local queue, deadline, cached, quota = ARGV[9], ARGV[10], ARGV[11], tonumber(ARGV[12])
local old = known_job(id, owner, key, digest)
if old then return old end
cached = cached ~= '' and redis.call('GET', P .. 'cache:' .. cached)
if cached then
  local fields = redis.call('HGETALL', job_key(cached))
  if #fields > 0 then return {'cached', cached, fields} end
end
local total, own = queue_load(owner, ARGV[8] == '1')
local bound = tonumber(ARGV[7])
local refused = refusal(total, own, bound)
if refused then return refused end
if quota > 0 and not spend_held(owner, ARGV[13]) and used_today(owner) >= quota then
  return {'quota', left_of_day()}
end

local score = next_turn(queue, owner)
redis.call('ZADD', queue, score, id)
local fields = {'state', 'queued', 'attempts', 0, 'digest', digest, 'expires_at', now + ttl,
  'ttl', ttl, 'queue', queue, 'score', score}
if deadline ~= '' then
  fields[#fields + 1] = 'start_by'
  fields[#fields + 1] = now + deadline
end
for i = 14, #ARGV do fields[#fields + 1] = ARGV[i] end
record_job(id, owner, key, fields)
redis.call('INCR', used_key(owner))
redis.call('PEXPIRE', used_key(owner), DAY_MS)
return {'new', room(total, own, bound), all_work() and 0 or notify(), tostring(now),
  count_before(queue) + redis.call('ZRANK', queue, id), redis.call('HGET', PACE, 'interval')}
