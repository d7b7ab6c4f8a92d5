-- The peer: combined log to sessionized Parquet as one would write it by hand for DuckDB, as fast as we know how.
-- Same lines in, same contract columns out, same rules; bad lines are set aside with their reason.
--
-- What made it fast, found by trying on the same file:
-- * The CSV reader cuts lines at double quotes while it reads, on all cores. Cutting at spaces, with '"' for quotes,
--   is no way: a line that ends inside a quoted field swallows the next. Reading whole lines and cutting them
--   afterwards is as fast; one regular expression a line takes as much as all of the parse below.
-- * What is not UTF-8 lands in DuckDB's own table of rejects, with its line number.
-- * Requests, user agents, referrers and visitors are looked at once each, not once a line.
-- * The window runs over numbers (visitor, time, row), not over the wide rows.
--
-- Variables: log, output, event_key, visitor_key, file_sha256, run_id, ingested_at. Function: device_of(user_agent).

set timezone = 'UTC';

create macro dash_to_null(text) as nullif(nullif(text, '-'), '');
create macro hide_escapes(text) as replace(replace(text, '\\', chr(2)), '\"', chr(1));
create macro show_escapes(text) as replace(replace(text, chr(1), '"'), chr(2), '\');
create macro url_host(url) as
    case when regexp_matches(url, '^[A-Za-z][A-Za-z0-9+.-]*://') then nullif(lower(split_part(
        split_part(split_part(split_part(split_part(url, '/', 3), '?', 1), '#', 1), '@', -1), ':', 1)), '') end;
create macro utm(url, name) as
    case when contains(url, name || '=')
        then nullif(url_decode(regexp_extract(url, '[?&]' || name || '=([^&#]*)', 1)), '') end;
create macro mask_emails(text) as
    case when contains(text, '@') or contains(text, '%40') then regexp_replace(
        regexp_replace(text, '://[^/?#@ ]+@', '://[user]@', 'g'),
        '[A-Za-z0-9._%+-]+(?:@|%40)[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}', '[email]', 'g')
    else text end;
create macro mask_line(text) as
    regexp_replace(regexp_replace(mask_emails(substr(text, 1, 2000)), '\b(?:[0-9]{1,3}\.){3}[0-9]{1,3}\b', '[ip]', 'g'),
        '\b(?:[0-9A-Fa-f]{1,4}:){7}[0-9A-Fa-f]{1,4}\b'
        || '|\b(?:[0-9A-Fa-f]{1,4}:){1,7}:(?:[0-9A-Fa-f]{1,4}(?::[0-9A-Fa-f]{1,4}){0,6})?'
        || '|::(?:[0-9A-Fa-f]{1,4}(?::[0-9A-Fa-f]{1,4}){0,6})', '[ip]', 'g');

-- Rows are in the order of the file, those that are not UTF-8 left out: rowid is the line number but for them.
create temp table parsed as
with raw as (
    select *, suffix(q1, '\') or suffix(q3, '\') or suffix(q5, '\') as escaped
    from read_csv(
        getvariable('log'),
        columns = {
            'q0': 'VARCHAR', 'q1': 'VARCHAR', 'q2': 'VARCHAR', 'q3': 'VARCHAR', 'q4': 'VARCHAR', 'q5': 'VARCHAR',
            'q6': 'VARCHAR', 'q7': 'VARCHAR', 'q8': 'VARCHAR', 'q9': 'VARCHAR', 'q10': 'VARCHAR'
        },
        delim = '"', quote = '', escape = '', nullstr = e'\x03', header = false, auto_detect = false,
        null_padding = true, store_rejects = true, rejects_limit = 0
    )
),

cut as (
    select
        q0, escaped,
        concat_ws('"', q0, q1, q2, q3, q4, q5, q6, q7, q8, q9, q10) as line,
        -- an escaped quote ends no field: hide it and cut again
        case when escaped then string_split(hide_escapes(line), '"') end as again,
        case when escaped then show_escapes(again[2]) else q1 end as request,
        case when escaped then again[3] else q2 end as tail,
        case when escaped then show_escapes(again[4]) else q3 end as referrer,
        case when escaped then show_escapes(again[6]) else q5 end as agent,
        case when escaped then again[7] else q6 end as past_agent
    from raw
),

split as (
    select
        *, string_split(q0, ' ') as who, instr(q0, '[') as bracket, string_split(trim(tail), ' ') as numbers
    from cut
),

typed as (
    select
        line, past_agent, bracket, who[1] as ip, dash_to_null(who[3]) as user_id, request, referrer, agent,
        try_strptime(substr(q0, bracket + 1, 26), '%d/%b/%Y:%H:%M:%S %z')::timestamp as event_ts,
        case when regexp_full_match(numbers[1], '-?[1-9][0-9]*|0') then try_cast(numbers[1] as bigint) end as http_status,
        dash_to_null(numbers[2]) as size_text,
        case when regexp_full_match(size_text, '-?[1-9][0-9]*|0') then try_cast(size_text as bigint) end as bytes_sent
    from split
)

select
    case
        when past_agent is null or bracket = 0 then 'malformed_line'
        when event_ts is null then 'bad_timestamp'
        when not coalesce(http_status between 100 and 599, false) then 'bad_status'
        when size_text is not null and coalesce(bytes_sent < 0, true) then 'bad_size'
        when event_ts < timestamp '1995-01-01' or event_ts > getvariable('ingested_at') + interval 2 days
            then 'timestamp_out_of_range'
    end as reject_reason,
    case when reject_reason is null then sha256(concat(getvariable('event_key'), line))[1:32] end as identity,
    case when reject_reason is not null then line end as line,
    ip, user_id, event_ts, http_status, bytes_sent, request, referrer, agent
from typed;

-- rowid is this table's row, too
create temp table line_numbers as
select line_number
from range(1, (select count(*) from parsed) + (select count(distinct line) from reject_errors) + 1) as lines (line_number)
where line_number not in (select line from reject_errors);

create temp table requests as
with split as (
    select request, string_split(request, ' ') as words, regexp_full_match(words[1], '[A-Z]{3,20}') as is_http
    from (select distinct request from parsed where reject_reason is null)
),

target as (
    select
        request,
        case when is_http and len(words) > 1 then words[1] end as http_method,
        mask_emails(case
            when http_method is null then null
            when len(words) = 3 and starts_with(words[3], 'HTTP/') then dash_to_null(words[2])
            when starts_with(words[-1], 'HTTP/') then substr(
                request, length(words[1]) + 2, length(request) - length(words[1]) - length(words[-1]) - 2)
            else substr(request, length(words[1]) + 2)
        end) as page_url
    from split
)

select
    request, http_method, page_url, url_host(page_url) as page_host,
    split_part(split_part(page_url, '?', 1), '#', 1) as page_path,
    coalesce(contains(page_path, '.') and lower(split_part(split_part(page_path, '/', -1), '.', -1)) in (
        'gif', 'jpg', 'jpeg', 'png', 'bmp', 'ico', 'svg', 'svgz', 'ttf', 'otf', 'eot', 'woff', 'woff2', 'class', 'swf',
        'css', 'js', 'mjs', 'map', 'xml', 'webp', 'avif', 'txt', 'json', 'webmanifest', 'rss', 'atom'
    ), false) as is_static,
    utm(page_url, 'utm_source') as utm_source,
    utm(page_url, 'utm_medium') as utm_medium,
    utm(page_url, 'utm_campaign') as utm_campaign,
    utm(page_url, 'utm_term') as utm_term,
    utm(page_url, 'utm_content') as utm_content
from target;

create temp table agents as
select agent, user_agent, unnest(device_of(user_agent))
from (
    select agent, mask_emails(dash_to_null(agent)) as user_agent
    from (select distinct agent from parsed where reject_reason is null)
);

create temp table referrers as
select referrer, mask_emails(dash_to_null(referrer)) as referrer_url, url_host(referrer_url) as referrer_host
from (select distinct referrer from parsed where reject_reason is null);

create temp table visitors as
select
    row_number() over () as visitor, ip, agent,
    sha256(concat(getvariable('visitor_key'), ip, chr(31), agent, chr(31)))[1:32] as visitor_id
from (select distinct ip, agent from parsed where reject_reason is null);

-- the ordinal among identical lines of the file
create temp table repeated as
select rowid as row, row_number() over (partition by identity order by rowid) as ordinal
from parsed
where identity in (select identity from parsed where identity is not null group by identity having count(*) > 1);

create temp table sessions as
with event as (
    select parsed.rowid as row, visitor, event_ts, identity
    from parsed
    inner join visitors on parsed.ip = visitors.ip and parsed.agent = visitors.agent
    where reject_reason is null
),

numbered as (
    select
        row, visitor, event_ts, lag(event_ts) over visit as previous_ts, row_number() over visit as number
    from event
    window visit as (partition by visitor order by event_ts, identity, row)
),

marked as (
    select *, case when previous_ts is null or event_ts - previous_ts > interval 30 minutes then number end as begins
    from numbered
),

spread as (
    select row, visitor, event_ts, number, max(begins) over so_far as first_number
    from marked
    window so_far as (partition by visitor order by number rows unbounded preceding)
)

select row, visitor, event_ts, number - first_number + 1 as number, first_number, 'inactivity' as split_reason
from spread;

-- A session that has lasted a day is cut at its first event past that; what follows may be cut again.
create temp table too_long as
with recursive long as (
    select visitor, first_number
    from sessions
    group by all
    having max(event_ts) - min(event_ts) >= interval 24 hours
),

member as (
    select sessions.* from sessions inner join long using (visitor, first_number)
),

cut as (
    select visitor, first_number, min(event_ts) as start_ts from member group by all
    union all
    select cut.visitor, cut.first_number, min(member.event_ts)
    from cut
    inner join member
        on cut.visitor = member.visitor and cut.first_number = member.first_number
        and member.event_ts >= cut.start_ts + interval 24 hours
    group by cut.visitor, cut.first_number, cut.start_ts
),

placed as (
    select member.row, member.visitor, member.first_number, member.number, cut.start_ts,
        cut.start_ts > min(cut.start_ts) over (partition by member.visitor, member.first_number) as is_cut
    from member
    asof inner join cut
        on member.visitor = cut.visitor and member.first_number = cut.first_number and member.event_ts >= cut.start_ts
)

select row, first_number + part_first - 1 as first_number, number - part_first + 1 as number
from (
    select *, min(number) over (partition by visitor, first_number, start_ts) as part_first from placed
)
where is_cut;

update sessions
set first_number = too_long.first_number, number = too_long.number, split_reason = 'max_duration'
from too_long
where sessions.row = too_long.row;

create temp table starts as
select
    visitor, first_number, visitor_id, event_ts as session_start_ts,
    md5(concat(visitor_id, '|', epoch_us(event_ts))) as session_id
from sessions
inner join visitors using (visitor)
where number = 1;

-- for each {day}: rows of one day lie together, and a partitioned COPY would hold all of them twice
copy (
    select
        case when ordinal > 1 then concat(identity, '-', ordinal) else identity end as event_id,
        parsed.event_ts::timestamptz as event_ts,
        case
            when not coalesce(http_method = 'GET', false) then 'request'
            when not (http_status between 200 and 299 and http_status <> 204 or http_status = 304) then 'request'
            when is_static then 'asset_request'
            else 'page_view'
        end as event_name,
        event_name = 'page_view' as is_page_view,
        'combined' as source,
        visitor_id,
        user_id,
        session_id,
        session_start_ts::timestamptz as session_start_ts,
        number as session_event_number,
        split_reason,
        requests.* exclude (request, is_static),
        referrer_url,
        referrer_host,
        http_status,
        bytes_sent,
        agents.* exclude (agent),
        getvariable('file_sha256') as file_sha256,
        line_number,
        getvariable('run_id') as ingest_run_id,
        getvariable('ingested_at') as ingested_at
    from (select rowid as row, * from parsed where event_ts >= date '{day}' and event_ts < date '{day}' + 1) as parsed
    inner join (select * from sessions where event_ts >= date '{day}' and event_ts < date '{day}' + 1) as sessions
        using (row)
    inner join starts using (visitor, first_number)
    inner join line_numbers on sessions.row = line_numbers.rowid
    inner join requests using (request)
    inner join referrers using (referrer)
    inner join agents using (agent)
    left join repeated using (row)
) to '{output}/event_date={day}.parquet' (format parquet, compression zstd);

copy (
    select getvariable('file_sha256') as file_sha256, line_number, reject_reason, mask_line(line) as line
    from parsed
    inner join line_numbers on parsed.rowid = line_numbers.rowid
    where reject_reason is not null
    union all
    select getvariable('file_sha256'), line, 'invalid_encoding', mask_line(min(csv_line)) from reject_errors group by line
) to '{output}/quarantine.parquet' (format parquet, compression zstd);
