CREATE TABLE `guest_names` (
	`document_id` text NOT NULL,
	`guest_id` text NOT NULL,
	`name` text NOT NULL,
	PRIMARY KEY(`document_id`, `guest_id`)
);
