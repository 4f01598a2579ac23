-- last_hour 50
SELECT device_id, avg(value) FROM readings WHERE ts >= timestamptz '2025-06-10 10:00' AND ts < timestamptz '2025-06-10 11:00' GROUP BY device_id;
-- device_day 200
SELECT ts, value FROM readings WHERE device_id = 1234 AND ts BETWEEN timestamptz '2025-05-01' AND timestamptz '2025-05-04' ORDER BY ts;
-- last_value 300
SELECT ts, value FROM readings WHERE device_id = 77 AND metric = 2 ORDER BY ts DESC LIMIT 1;
-- latest_all 5
SELECT DISTINCT ON (device_id) device_id, ts, value FROM readings WHERE site_id = 12 ORDER BY device_id, ts DESC;
-- hourly 10
SELECT date_trunc('hour', ts) h, avg(value), max(value) FROM readings WHERE site_id = 3 AND metric = 1 AND ts >= timestamptz '2025-04-01' AND ts < timestamptz '2025-04-08' GROUP BY 1 ORDER BY 1;
-- month_region 2
SELECT region, count(*), avg(value) FROM readings WHERE ts >= timestamptz '2025-03-01' AND ts < timestamptz '2025-03-15' AND quality = 0 GROUP BY region;
-- bad_quality 3
SELECT device_id, count(*) FROM readings WHERE quality = 2 AND site_id = 5 GROUP BY device_id ORDER BY 2 DESC;
-- site_and_region 20
SELECT count(*) FROM readings WHERE site_id = 40 AND region = 'east' AND device_id = 2500;
-- open_of_region 60
SELECT id, device_id, level, code FROM open_alarms WHERE region = 'west' AND level >= 3 ORDER BY raised_at DESC LIMIT 50;
-- open_of_device 150
SELECT id, level, code FROM alarms WHERE device_id = 9 AND cleared_at IS NULL;
-- codes 4
SELECT code, count(*) FROM alarms WHERE raised_at >= timestamptz '2025-06-01' AND raised_at < timestamptz '2025-06-02' GROUP BY code ORDER BY 2 DESC;
-- clear 20
UPDATE alarms SET cleared_at = timestamptz '2025-07-01' WHERE device_id = 15 AND code = 'E102' AND cleared_at IS NULL;
-- bill 30
SELECT day, kwh FROM billing_usage WHERE device_id = 1500 AND day >= date '2025-03-01' AND day < date '2025-04-01' ORDER BY day;
-- site_bill 4
SELECT u.tariff, sum(u.kwh) FROM billing_usage u JOIN devices d ON d.id = u.device_id WHERE u.site_id = 60 AND u.day BETWEEN date '2025-05-01' AND date '2025-06-30' AND NOT d.retired GROUP BY u.tariff;
-- by_serial 40
SELECT id, site_id FROM devices WHERE serial = 'SN-c4ca4238a0b923820dcc509a6f75849b';
-- old_readings 1
DELETE FROM readings WHERE ts < timestamptz '2025-01-03';
-- newest 10
SELECT max(ts) FROM readings;
