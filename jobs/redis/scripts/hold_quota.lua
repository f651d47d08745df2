-- Hold so many of an owner's jobs of today for a batch: all of them or none; in the place of what an
-- earlier request with the same token held.
-- ARGV: prefix, owner, jobs a day, how many, token   Returns {"held"} | {"quota", ms of the day left}
local owner, count = ARGV[2], tonumber(ARGV[4])
local used = used_today(owner) - read_held(owner, ARGV[5])
if used + count > tonumber(ARGV[3]) then return {'quota', left_of_day()} end
hold(owner, ARGV[5], count)
return {'held'}
