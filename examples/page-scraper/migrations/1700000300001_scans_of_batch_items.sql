-- Up Migration

-- A scan is run by a job of its own, or as the item of a batch: then the batch and the place in it are its name, and
-- whatever runs the item again finds the scan that an earlier run wrote.
alter table page_scans
  add column item_ordinal integer,
  alter column job_id drop not null,
  add constraint page_scans_runner check ((job_id is null) = (item_ordinal is not null)),
  add constraint page_scans_item check (item_ordinal is null or batch_id is not null),
  -- An item is written when it has ended: who works on it is the business of its batch.
  add constraint page_scans_item_ended check (item_ordinal is null or outcome is not null);

create unique index page_scans_of_item on page_scans (batch_id, item_ordinal) where item_ordinal is not null;

-- Down Migration

drop index page_scans_of_item;
delete from pages where scan_id in (select id from page_scans where item_ordinal is not null);
update domains set last_scan_id = null, verdict = null, scanned_at = null, verdict_reasons = null, final_url = null,
  title = null, description = null, canonical = null, meta_robots = null, generator = null, language = null,
  charset = null, h1 = null, hreflang = null, open_graph = null, twitter = null, feeds = null, forms = null,
  organizations = null, schema_types = null, favicon = null, logo = null, words = null, links_internal = null,
  links_external = null, external_domains = null
  where last_scan_id in (select id from page_scans where item_ordinal is not null);
update domains set failed_scan_id = null, error_code = null, error = null
  where failed_scan_id in (select id from page_scans where item_ordinal is not null);
update page_scans set previous_scan_id = null
  where previous_scan_id in (select id from page_scans where item_ordinal is not null);
delete from page_scans where item_ordinal is not null;
alter table page_scans drop column item_ordinal, alter column job_id set not null;
