-- Up Migration

-- listBatches by a host: without it the items of every batch of the tenant are looked at.
create index domain_batch_items_by_host on domain_batch_items (tenant_id, host);

-- Down Migration

drop index domain_batch_items_by_host;
