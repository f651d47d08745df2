-- Record a job that has already succeeded: another one of the same photo and options.
-- ARGV: prefix, id, owner, ttl ms, name, value, …   Returns 1, or 0 when the id exists.
local id, ttl = ARGV[2], ARGV[4]
if redis.call('EXISTS', job_key(id)) == 1 then return 0 end
local fields = {}
for i = 5, #ARGV do fields[#fields + 1] = ARGV[i] end
redis.call('HSET', job_key(id), 'created_at', now, 'ttl', ttl, 'owner', ARGV[3], 'cached', 1)
end_job(id, 'succeeded', fields)
count('cache_hits_total', 1)
return 1
