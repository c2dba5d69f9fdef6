BEGIN TRANSACTION;
CREATE TABLE accounts (
	session_id INTEGER NOT NULL, 
	account_id VARCHAR(64) NOT NULL, 
	currency TEXT NOT NULL, 
	static_balance VARCHAR(100) NOT NULL, 
	balance VARCHAR(100) NOT NULL, 
	available VARCHAR(100) NOT NULL, 
	margin VARCHAR(100) NOT NULL, 
	frozen VARCHAR(100) NOT NULL, 
	commission VARCHAR(100) NOT NULL, 
	slippage VARCHAR(100) NOT NULL, 
	realised_profit VARCHAR(100) NOT NULL, 
	unrealised_profit VARCHAR(100) NOT NULL, 
	today_profit VARCHAR(100) NOT NULL, 
	risk_ratio DOUBLE NOT NULL, 
	drawdown DOUBLE NOT NULL, 
	max_drawdown DOUBLE NOT NULL, 
	updated_ns BIGINT NOT NULL, transferred VARCHAR(100) DEFAULT '0' NOT NULL, funding VARCHAR(100) DEFAULT '0' NOT NULL, "foreign" TEXT DEFAULT '{}' NOT NULL, 
	PRIMARY KEY (session_id, account_id), 
	FOREIGN KEY(session_id) REFERENCES sessions (session_id)
)
 WITHOUT ROWID

;
INSERT INTO "accounts" VALUES(1,'sim','CNY','1000000.00','1000000.00','1000000.00','1000000.00','1000000.00','1000000.00','1000000.00','1000000.00','1000000.00','1000000.00',0.1,0.0,0.25,1,'8965.8','-8965.8','{"BTC": "-8965.8"}');
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0002');
CREATE TABLE alerts (
	session_id INTEGER NOT NULL, 
	alert_id BIGINT NOT NULL, 
	time_ns BIGINT NOT NULL, 
	level VARCHAR(20) NOT NULL, 
	cause TEXT NOT NULL, 
	message TEXT NOT NULL, 
	order_id BIGINT, 
	account_id VARCHAR(64) NOT NULL, 
	symbol VARCHAR(64) NOT NULL, 
	settled_ns BIGINT, 
	"by" TEXT NOT NULL, 
	PRIMARY KEY (session_id, alert_id), 
	FOREIGN KEY(session_id) REFERENCES sessions (session_id)
)
 WITHOUT ROWID

;
INSERT INTO "alerts" VALUES(1,0,0,'warning','fills missing','订单 7 的成交还缺 1 手',NULL,'','',NULL,'');
INSERT INTO "alerts" VALUES(1,1,1,'warning','fills missing','订单 7 的成交还缺 1 手',NULL,'','',NULL,'');
INSERT INTO "alerts" VALUES(1,2,2,'warning','fills missing','订单 7 的成交还缺 1 手',NULL,'','',NULL,'');
INSERT INTO "alerts" VALUES(1,3,3,'warning','fills missing','订单 7 的成交还缺 1 手',NULL,'','',NULL,'');
INSERT INTO "alerts" VALUES(1,4,4,'warning','fills missing','订单 7 的成交还缺 1 手',NULL,'','',NULL,'');
CREATE TABLE checkpoint_parts (
	session_id INTEGER NOT NULL, 
	seq BIGINT NOT NULL, 
	part BIGINT NOT NULL, 
	payload BLOB NOT NULL, 
	PRIMARY KEY (session_id, seq, part), 
	FOREIGN KEY(session_id) REFERENCES sessions (session_id)
);
CREATE TABLE checkpoints (
	session_id INTEGER NOT NULL, 
	seq BIGINT NOT NULL, 
	time_ns BIGINT NOT NULL, 
	format BIGINT NOT NULL, 
	parts BIGINT NOT NULL, 
	digest VARCHAR(64) NOT NULL, 
	PRIMARY KEY (session_id, seq), 
	FOREIGN KEY(session_id) REFERENCES sessions (session_id)
)
 WITHOUT ROWID

;
CREATE TABLE equity_samples (
	session_id INTEGER NOT NULL, 
	account_id VARCHAR(64) NOT NULL, 
	sample BIGINT NOT NULL, 
	time_ns BIGINT NOT NULL, 
	equity DOUBLE, 
	PRIMARY KEY (session_id, account_id, sample), 
	FOREIGN KEY(session_id) REFERENCES sessions (session_id)
)
 WITHOUT ROWID

;
INSERT INTO "equity_samples" VALUES(1,'sim',0,0,1.00000038524530653375e+06);
INSERT INTO "equity_samples" VALUES(1,'sim',1,1,1.00000056920387479471e+06);
INSERT INTO "equity_samples" VALUES(1,'sim',2,2,1.00000094782748701982e+06);
INSERT INTO "equity_samples" VALUES(1,'sim',3,3,1.00000059264091064692e+06);
INSERT INTO "equity_samples" VALUES(1,'sim',4,4,1.0000003032985859318e+06);
INSERT INTO "equity_samples" VALUES(1,'sim',5,5,1.00000025544501643158e+06);
INSERT INTO "equity_samples" VALUES(1,'sim',6,6,1.00000057382011285514e+06);
INSERT INTO "equity_samples" VALUES(1,'sim',7,7,1.00000094786536064929e+06);
INSERT INTO "equity_samples" VALUES(1,'sim',8,8,1.00000037041187263091e+06);
INSERT INTO "equity_samples" VALUES(1,'sim',9,9,1.00000061321523319932e+06);
INSERT INTO "equity_samples" VALUES(1,'sim',10,10,1.00000003258506522984e+06);
INSERT INTO "equity_samples" VALUES(1,'sim',11,11,1.0000008657422852702e+06);
CREATE TABLE executions (
	session_id INTEGER NOT NULL, 
	order_id BIGINT NOT NULL, 
	account_id VARCHAR(64) NOT NULL, 
	symbol VARCHAR(64) NOT NULL, 
	side VARCHAR(20) NOT NULL, 
	quantity VARCHAR(100) NOT NULL, 
	filled_quantity VARCHAR(100) NOT NULL, 
	arrival_price VARCHAR(100), 
	average_price VARCHAR(100), 
	slippage VARCHAR(100), 
	commission VARCHAR(100) NOT NULL, 
	attempts BIGINT NOT NULL, 
	venue TEXT NOT NULL, 
	queue_wait_s DOUBLE, 
	acknowledged_s DOUBLE, 
	first_fill_s DOUBLE, 
	last_fill_s DOUBLE, 
	updated_ns BIGINT NOT NULL, 
	PRIMARY KEY (session_id, order_id), 
	FOREIGN KEY(session_id) REFERENCES sessions (session_id)
)
 WITHOUT ROWID

;
INSERT INTO "executions" VALUES(1,0,'sim','SHFE.au2512','BUY','2','1','980.00','980.02','20.00','0.10',1,'simulated',0.25,0.001,NULL,NULL,7);
INSERT INTO "executions" VALUES(1,1,'sim','SHFE.au2512','BUY','2','1','980.00','980.02','20.00','0.10',1,'simulated',0.25,0.001,NULL,NULL,8);
INSERT INTO "executions" VALUES(1,2,'sim','SHFE.au2512','BUY','2','1','980.00','980.02','20.00','0.10',1,'simulated',0.25,0.001,NULL,NULL,9);
INSERT INTO "executions" VALUES(1,3,'sim','SHFE.au2512','BUY','2','1','980.00','980.02','20.00','0.10',1,'simulated',0.25,0.001,NULL,NULL,10);
INSERT INTO "executions" VALUES(1,4,'sim','SHFE.au2512','BUY','2','1','980.00','980.02','20.00','0.10',1,'simulated',0.25,0.001,NULL,NULL,11);
INSERT INTO "executions" VALUES(1,5,'sim','SHFE.au2512','BUY','2','1','980.00','980.02','20.00','0.10',1,'simulated',0.25,0.001,NULL,NULL,5);
INSERT INTO "executions" VALUES(1,6,'sim','SHFE.au2512','BUY','2','1','980.00','980.02','20.00','0.10',1,'simulated',0.25,0.001,NULL,NULL,6);
CREATE TABLE journal (
	session_id INTEGER NOT NULL, 
	seq BIGINT NOT NULL, 
	time_ns BIGINT NOT NULL, 
	bar BIGINT NOT NULL, 
	kind VARCHAR(64) NOT NULL, 
	payload BLOB NOT NULL, 
	PRIMARY KEY (session_id, seq), 
	FOREIGN KEY(session_id) REFERENCES sessions (session_id)
)
 WITHOUT ROWID

;
INSERT INTO "journal" VALUES(1,1,1000,1,'bar',X'7B226E223A317D');
INSERT INTO "journal" VALUES(1,2,2000,2,'bar',X'7B226E223A327D');
INSERT INTO "journal" VALUES(1,3,3000,3,'bar',X'7B226E223A337D');
INSERT INTO "journal" VALUES(1,4,4000,4,'bar',X'7B226E223A347D');
INSERT INTO "journal" VALUES(1,5,5000,5,'bar',X'7B226E223A357D');
INSERT INTO "journal" VALUES(1,6,6000,6,'bar',X'7B226E223A367D');
INSERT INTO "journal" VALUES(1,7,7000,7,'bar',X'7B226E223A377D');
INSERT INTO "journal" VALUES(1,8,8000,8,'bar',X'7B226E223A387D');
INSERT INTO "journal" VALUES(1,9,9000,9,'bar',X'7B226E223A397D');
INSERT INTO "journal" VALUES(1,10,10000,10,'bar',X'7B226E223A31307D');
INSERT INTO "journal" VALUES(1,11,11000,11,'bar',X'7B226E223A31317D');
INSERT INTO "journal" VALUES(1,12,12000,12,'bar',X'7B226E223A31327D');
INSERT INTO "journal" VALUES(1,13,13000,13,'bar',X'7B226E223A31337D');
INSERT INTO "journal" VALUES(1,14,14000,14,'bar',X'7B226E223A31347D');
INSERT INTO "journal" VALUES(1,15,15000,15,'bar',X'7B226E223A31357D');
INSERT INTO "journal" VALUES(1,16,16000,16,'bar',X'7B226E223A31367D');
INSERT INTO "journal" VALUES(1,17,17000,17,'bar',X'7B226E223A31377D');
INSERT INTO "journal" VALUES(1,18,18000,18,'bar',X'7B226E223A31387D');
INSERT INTO "journal" VALUES(1,19,19000,19,'bar',X'7B226E223A31397D');
INSERT INTO "journal" VALUES(1,20,20000,20,'bar',X'7B226E223A32307D');
INSERT INTO "journal" VALUES(1,21,21000,21,'bar',X'7B226E223A32317D');
INSERT INTO "journal" VALUES(1,22,22000,22,'bar',X'7B226E223A32327D');
INSERT INTO "journal" VALUES(1,23,23000,23,'bar',X'7B226E223A32337D');
INSERT INTO "journal" VALUES(1,24,24000,24,'bar',X'7B226E223A32347D');
INSERT INTO "journal" VALUES(1,25,25000,25,'bar',X'7B226E223A32357D');
INSERT INTO "journal" VALUES(1,26,26000,26,'bar',X'7B226E223A32367D');
INSERT INTO "journal" VALUES(1,27,27000,27,'bar',X'7B226E223A32377D');
INSERT INTO "journal" VALUES(1,28,28000,28,'bar',X'7B226E223A32387D');
INSERT INTO "journal" VALUES(1,29,29000,29,'bar',X'7B226E223A32397D');
INSERT INTO "journal" VALUES(1,30,30000,30,'bar',X'7B226E223A33307D');
INSERT INTO "journal" VALUES(1,31,31000,31,'bar',X'7B226E223A33317D');
INSERT INTO "journal" VALUES(1,32,32000,32,'bar',X'7B226E223A33327D');
INSERT INTO "journal" VALUES(1,33,33000,33,'bar',X'7B226E223A33337D');
INSERT INTO "journal" VALUES(1,34,34000,34,'bar',X'7B226E223A33347D');
INSERT INTO "journal" VALUES(1,35,35000,35,'bar',X'7B226E223A33357D');
INSERT INTO "journal" VALUES(1,36,36000,36,'bar',X'7B226E223A33367D');
CREATE TABLE operation_log (
	session_id INTEGER NOT NULL, 
	operation_id BIGINT NOT NULL, 
	time_ns BIGINT NOT NULL, 
	origin TEXT NOT NULL, 
	command TEXT NOT NULL, 
	detail TEXT NOT NULL, 
	accepted BOOLEAN NOT NULL, 
	reason TEXT NOT NULL, 
	PRIMARY KEY (session_id, operation_id), 
	FOREIGN KEY(session_id) REFERENCES sessions (session_id)
)
 WITHOUT ROWID

;
INSERT INTO "operation_log" VALUES(1,0,0,'window','ClosePosition','au2512 2 手',1,'');
INSERT INTO "operation_log" VALUES(1,10,10,'window','ClosePosition','au2512 2 手',1,'');
CREATE TABLE orders (
	session_id INTEGER NOT NULL, 
	order_id BIGINT NOT NULL, 
	strategy_id BIGINT NOT NULL, 
	account_id VARCHAR(64) NOT NULL, 
	symbol VARCHAR(64) NOT NULL, 
	side VARCHAR(20) NOT NULL, 
	"offset" VARCHAR(20) NOT NULL, 
	type VARCHAR(20) NOT NULL, 
	time_in_force VARCHAR(20) NOT NULL, 
	quantity VARCHAR(100) NOT NULL, 
	price VARCHAR(100), 
	trigger_price VARCHAR(100), 
	filled_quantity VARCHAR(100) NOT NULL, 
	average_price VARCHAR(100), 
	status VARCHAR(20) NOT NULL, 
	inner_state VARCHAR(20), 
	priority VARCHAR(20) NOT NULL, 
	reduce_only BOOLEAN NOT NULL, 
	origin VARCHAR(20) NOT NULL, 
	created_ns BIGINT NOT NULL, 
	updated_ns BIGINT NOT NULL, 
	executed_ns BIGINT, 
	reason TEXT NOT NULL, 
	venue_order_id TEXT NOT NULL, client_order_id TEXT DEFAULT '' NOT NULL, flags TEXT DEFAULT '[]' NOT NULL, 
	PRIMARY KEY (session_id, order_id), 
	FOREIGN KEY(session_id) REFERENCES sessions (session_id)
)
 WITHOUT ROWID

;
INSERT INTO "orders" VALUES(1,1,1,'sim','SHFE.au2512','BUY','OPEN','LIMIT','GTC','2',NULL,NULL,'0',NULL,'Canceled',NULL,'normal',0,'strategy',1,10,NULL,'','','','[]');
INSERT INTO "orders" VALUES(1,2,1,'sim','SHFE.au2512','BUY','OPEN','LIMIT','GTC','2',NULL,NULL,'0',NULL,'Partial',NULL,'normal',0,'strategy',2,7,NULL,'','','','[]');
INSERT INTO "orders" VALUES(1,3,1,'sim','SHFE.au2512','BUY','OPEN','LIMIT','GTC','2',NULL,NULL,'0',NULL,'Expired',NULL,'normal',0,'strategy',3,6,NULL,'','','','[]');
INSERT INTO "orders" VALUES(1,5,1,'sim','SHFE.au2512','BUY','OPEN','LIMIT','GTC','2',NULL,NULL,'0',NULL,'Filled',NULL,'normal',0,'strategy',5,9,NULL,'','','','[]');
INSERT INTO "orders" VALUES(1,6,1,'sim','SHFE.au2512','BUY','OPEN','LIMIT','GTC','2',NULL,NULL,'0',NULL,'Filled',NULL,'normal',0,'strategy',6,9,NULL,'','','','[]');
INSERT INTO "orders" VALUES(1,7,1,'sim','SHFE.au2512','BUY','OPEN','LIMIT','GTC','2',NULL,NULL,'0',NULL,'Placed',NULL,'normal',0,'strategy',7,8,NULL,'','','','[]');
INSERT INTO "orders" VALUES(1,9,1,'sim','SHFE.au2512','BUY','OPEN','LIMIT','GTC','2',NULL,NULL,'0',NULL,'Filled',NULL,'normal',0,'strategy',9,9,NULL,'','','','[]');
INSERT INTO "orders" VALUES(1,12,1,'sim','SHFE.au2512','BUY','OPEN','LIMIT','GTC','2',NULL,NULL,'0',NULL,'Canceled',NULL,'normal',0,'strategy',12,5,NULL,'','','','[]');
INSERT INTO "orders" VALUES(1,13,1,'sim','SHFE.au2512','BUY','OPEN','LIMIT','GTC','2',NULL,NULL,'0',NULL,'Placed',NULL,'normal',0,'strategy',13,8,NULL,'','','','[]');
INSERT INTO "orders" VALUES(1,14,1,'sim','SHFE.au2512','BUY','OPEN','LIMIT','GTC','2',NULL,NULL,'0',NULL,'Expired',NULL,'normal',0,'strategy',14,0,NULL,'','','','[]');
INSERT INTO "orders" VALUES(1,15,1,'sim','SHFE.au2512','BUY','OPEN','LIMIT','GTC','2',NULL,NULL,'0',NULL,'Filled',NULL,'normal',0,'strategy',15,11,NULL,'','','','[]');
INSERT INTO "orders" VALUES(1,16,1,'sim','SHFE.au2512','BUY','OPEN','LIMIT','GTC','2',NULL,NULL,'0',NULL,'Canceled',NULL,'normal',0,'strategy',16,10,NULL,'','','','[]');
INSERT INTO "orders" VALUES(1,19,1,'sim','SHFE.au2512','BUY','OPEN','LIMIT','GTC','2',NULL,NULL,'0',NULL,'Canceled',NULL,'normal',0,'strategy',19,10,NULL,'','','','[]');
INSERT INTO "orders" VALUES(1,20,1,'sim','SHFE.au2512','BUY','OPEN','LIMIT','GTC','2',NULL,NULL,'0',NULL,'Placed',NULL,'normal',0,'strategy',20,3,NULL,'','','','[]');
INSERT INTO "orders" VALUES(1,21,1,'sim','SHFE.au2512','BUY','OPEN','LIMIT','GTC','2',NULL,NULL,'0',NULL,'Partial',NULL,'normal',0,'strategy',21,7,NULL,'','','','[]');
INSERT INTO "orders" VALUES(1,23,1,'sim','SHFE.au2512','BUY','OPEN','LIMIT','GTC','2',NULL,NULL,'0',NULL,'Canceled',NULL,'normal',0,'strategy',23,5,NULL,'','','','[]');
INSERT INTO "orders" VALUES(1,24,1,'sim','SHFE.au2512','BUY','OPEN','LIMIT','GTC','2',NULL,NULL,'0',NULL,'Placed',NULL,'normal',0,'strategy',24,4,NULL,'','','','[]');
INSERT INTO "orders" VALUES(1,25,1,'sim','SHFE.au2512','BUY','OPEN','LIMIT','GTC','2',NULL,NULL,'0',NULL,'Filled',NULL,'normal',0,'strategy',25,11,NULL,'','','','[]');
INSERT INTO "orders" VALUES(1,26,1,'sim','SHFE.au2512','BUY','OPEN','LIMIT','GTC','2',NULL,NULL,'0',NULL,'Canceled',NULL,'normal',0,'strategy',26,5,NULL,'','','','[]');
INSERT INTO "orders" VALUES(1,28,1,'sim','SHFE.au2512','BUY','OPEN','LIMIT','GTC','2',NULL,NULL,'0',NULL,'Filled',NULL,'normal',0,'strategy',28,11,NULL,'','','','[]');
INSERT INTO "orders" VALUES(1,29,1,'sim','SHFE.au2512','BUY','OPEN','LIMIT','GTC','2',NULL,NULL,'0',NULL,'Expired',NULL,'normal',0,'strategy',29,0,NULL,'','','','[]');
INSERT INTO "orders" VALUES(1,40,1,'sim','SHFE.au2512','BUY','OPEN','LIMIT','GTC','2',NULL,NULL,'0',NULL,'Created',NULL,'normal',0,'strategy',40,11,NULL,'','','m-11','["stale", "adopted"]');
CREATE TABLE position_records (
	session_id INTEGER NOT NULL, 
	record_id BIGINT NOT NULL, 
	time_ns BIGINT NOT NULL, 
	account_id VARCHAR(64) NOT NULL, 
	strategy_id BIGINT NOT NULL, 
	symbol VARCHAR(64) NOT NULL, 
	direction VARCHAR(20) NOT NULL, 
	type VARCHAR(20) NOT NULL, 
	change VARCHAR(100) NOT NULL, 
	price VARCHAR(100), 
	volume VARCHAR(100) NOT NULL, 
	average_price VARCHAR(100), 
	realised_profit VARCHAR(100) NOT NULL, 
	commission VARCHAR(100) NOT NULL, 
	order_id BIGINT, 
	trade_id BIGINT, 
	"by" TEXT NOT NULL, 
	note TEXT NOT NULL, 
	PRIMARY KEY (session_id, record_id), 
	FOREIGN KEY(session_id) REFERENCES sessions (session_id)
)
 WITHOUT ROWID

;
INSERT INTO "position_records" VALUES(1,0,0,'sim',1,'SHFE.au2512','LONG','execution','-5361.1','980.02','1','980.02','0','0.10',0,0,'double_ma','');
INSERT INTO "position_records" VALUES(1,1,1,'sim',1,'SHFE.au2512','LONG','execution','-5195.01','980.02','1','980.02','0','0.10',1,1,'double_ma','');
INSERT INTO "position_records" VALUES(1,2,2,'sim',1,'SHFE.au2512','LONG','execution','-8760.84','980.02','1','980.02','0','0.10',2,2,'double_ma','');
INSERT INTO "position_records" VALUES(1,3,3,'sim',1,'SHFE.au2512','LONG','execution','-6332.56','980.02','1','980.02','0','0.10',3,3,'double_ma','');
INSERT INTO "position_records" VALUES(1,4,4,'sim',1,'SHFE.au2512','LONG','execution','-4152.97','980.02','1','980.02','0','0.10',4,4,'double_ma','');
INSERT INTO "position_records" VALUES(1,5,5,'sim',1,'SHFE.au2512','LONG','execution','-9882.3','980.02','1','980.02','0','0.10',5,5,'double_ma','');
INSERT INTO "position_records" VALUES(1,6,6,'sim',1,'SHFE.au2512','LONG','execution','-386.11','980.02','1','980.02','0','0.10',6,6,'double_ma','');
INSERT INTO "position_records" VALUES(1,7,7,'sim',1,'SHFE.au2512','LONG','execution','-506.31','980.02','1','980.02','0','0.10',7,7,'double_ma','');
INSERT INTO "position_records" VALUES(1,8,8,'sim',1,'SHFE.au2512','LONG','execution','-1324.67','980.02','1','980.02','0','0.10',8,8,'double_ma','');
INSERT INTO "position_records" VALUES(1,9,9,'sim',1,'SHFE.au2512','LONG','execution','-1951.87','980.02','1','980.02','0','0.10',9,9,'double_ma','');
INSERT INTO "position_records" VALUES(1,10,10,'sim',1,'SHFE.au2512','LONG','execution','-155.52','980.02','1','980.02','0','0.10',10,10,'double_ma','');
INSERT INTO "position_records" VALUES(1,11,11,'sim',1,'SHFE.au2512','LONG','execution','-8965.8','980.02','1','980.02','0','0.10',11,11,'double_ma','');
CREATE TABLE position_records_archive (
	session_id INTEGER NOT NULL, 
	record_id BIGINT NOT NULL, 
	time_ns BIGINT NOT NULL, 
	account_id VARCHAR(64) NOT NULL, 
	strategy_id BIGINT NOT NULL, 
	symbol VARCHAR(64) NOT NULL, 
	direction VARCHAR(20) NOT NULL, 
	type VARCHAR(20) NOT NULL, 
	change VARCHAR(100) NOT NULL, 
	price VARCHAR(100), 
	volume VARCHAR(100) NOT NULL, 
	average_price VARCHAR(100), 
	realised_profit VARCHAR(100) NOT NULL, 
	commission VARCHAR(100) NOT NULL, 
	order_id BIGINT, 
	trade_id BIGINT, 
	"by" TEXT NOT NULL, 
	note TEXT NOT NULL, 
	PRIMARY KEY (session_id, record_id), 
	FOREIGN KEY(session_id) REFERENCES sessions (session_id)
)
 WITHOUT ROWID

;
CREATE TABLE positions (
	session_id INTEGER NOT NULL, 
	position_id VARCHAR(200) NOT NULL, 
	account_id VARCHAR(64) NOT NULL, 
	strategy_id BIGINT NOT NULL, 
	symbol VARCHAR(64) NOT NULL, 
	direction VARCHAR(20) NOT NULL, 
	volume VARCHAR(100) NOT NULL, 
	volume_today VARCHAR(100) NOT NULL, 
	frozen VARCHAR(100) NOT NULL, 
	average_price VARCHAR(100) NOT NULL, 
	last_price VARCHAR(100), 
	unrealised_profit VARCHAR(100), 
	realised_profit VARCHAR(100) NOT NULL, 
	margin VARCHAR(100) NOT NULL, 
	multiplier VARCHAR(100) NOT NULL, 
	price_digits BIGINT NOT NULL, 
	tick VARCHAR(100) NOT NULL, 
	quote_ns BIGINT, 
	opened_ns BIGINT NOT NULL, 
	updated_ns BIGINT NOT NULL, 
	version BIGINT NOT NULL, 
	close_commission VARCHAR(100), 
	PRIMARY KEY (session_id, position_id), 
	FOREIGN KEY(session_id) REFERENCES sessions (session_id)
)
 WITHOUT ROWID

;
INSERT INTO "positions" VALUES(1,'sim-au-0','sim',1,'SHFE.au2512','LONG','2','2','0','980.02',NULL,NULL,'-0.50','100','1000',2,'0.02',NULL,1,9,9,NULL);
INSERT INTO "positions" VALUES(1,'sim-au-1','sim',1,'SHFE.au2512','LONG','1','1','0','980.02',NULL,NULL,'-0.50','100','1000',2,'0.02',NULL,1,10,10,NULL);
INSERT INTO "positions" VALUES(1,'sim-au-2','sim',1,'SHFE.au2512','LONG','2','2','0','980.02',NULL,NULL,'-0.50','100','1000',2,'0.02',NULL,1,11,11,NULL);
CREATE TABLE sessions (
	session_id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	created_ns BIGINT NOT NULL, 
	world VARCHAR(20) NOT NULL, 
	title TEXT NOT NULL, 
	config BLOB NOT NULL, 
	state VARCHAR(20) NOT NULL, 
	ended_cleanly BOOLEAN NOT NULL
);
INSERT INTO "sessions" VALUES(1,1,'REPLAY','au2512 · 回放',X'7B2261223A317D','ended',1);
CREATE TABLE signals (
	session_id INTEGER NOT NULL, 
	signal_id BIGINT NOT NULL, 
	order_id BIGINT NOT NULL, 
	account_id VARCHAR(64) NOT NULL, 
	symbol VARCHAR(64) NOT NULL, 
	kind VARCHAR(20) NOT NULL, 
	"key" VARCHAR(200) NOT NULL, 
	status VARCHAR(20) NOT NULL, 
	volume VARCHAR(100) NOT NULL, 
	average_price VARCHAR(100), 
	commission TEXT NOT NULL, 
	realised_profit VARCHAR(100), 
	directions TEXT NOT NULL, 
	first_ns BIGINT, 
	last_ns BIGINT, 
	time_ns BIGINT NOT NULL, 
	reason TEXT NOT NULL, 
	PRIMARY KEY (session_id, signal_id), 
	FOREIGN KEY(session_id) REFERENCES sessions (session_id)
)
 WITHOUT ROWID

;
INSERT INTO "signals" VALUES(1,0,0,'sim','SHFE.au2512','finished','','Filled','5361.1','980.02','{"CNY": "0.10"}',NULL,'["Open Long", "Close Short"]',0,0,0,'');
INSERT INTO "signals" VALUES(1,1,1,'sim','SHFE.au2512','finished','','Filled','5195.01','980.02','{"CNY": "0.10"}',NULL,'["Open Long", "Close Short"]',1,1,1,'');
INSERT INTO "signals" VALUES(1,2,2,'sim','SHFE.au2512','finished','','Filled','8760.84','980.02','{"CNY": "0.10"}',NULL,'["Open Long", "Close Short"]',2,2,2,'');
INSERT INTO "signals" VALUES(1,3,3,'sim','SHFE.au2512','finished','','Filled','6332.56','980.02','{"CNY": "0.10"}',NULL,'["Open Long", "Close Short"]',3,3,3,'');
INSERT INTO "signals" VALUES(1,4,4,'sim','SHFE.au2512','finished','','Filled','4152.97','980.02','{"CNY": "0.10"}',NULL,'["Open Long", "Close Short"]',4,4,4,'');
INSERT INTO "signals" VALUES(1,5,5,'sim','SHFE.au2512','finished','','Filled','9882.3','980.02','{"CNY": "0.10"}',NULL,'["Open Long", "Close Short"]',5,5,5,'');
INSERT INTO "signals" VALUES(1,6,6,'sim','SHFE.au2512','finished','','Filled','386.11','980.02','{"CNY": "0.10"}',NULL,'["Open Long", "Close Short"]',6,6,6,'');
INSERT INTO "signals" VALUES(1,7,7,'sim','SHFE.au2512','finished','','Filled','506.31','980.02','{"CNY": "0.10"}',NULL,'["Open Long", "Close Short"]',7,7,7,'');
INSERT INTO "signals" VALUES(1,8,8,'sim','SHFE.au2512','finished','','Filled','1324.67','980.02','{"CNY": "0.10"}',NULL,'["Open Long", "Close Short"]',8,8,8,'');
INSERT INTO "signals" VALUES(1,9,9,'sim','SHFE.au2512','finished','','Filled','1951.87','980.02','{"CNY": "0.10"}',NULL,'["Open Long", "Close Short"]',9,9,9,'');
INSERT INTO "signals" VALUES(1,10,10,'sim','SHFE.au2512','finished','','Filled','155.52','980.02','{"CNY": "0.10"}',NULL,'["Open Long", "Close Short"]',10,10,10,'');
INSERT INTO "signals" VALUES(1,11,11,'sim','SHFE.au2512','finished','','Filled','8965.8','980.02','{"CNY": "0.10"}',NULL,'["Open Long", "Close Short"]',11,11,11,'');
CREATE TABLE strategies (
	session_id INTEGER NOT NULL, 
	strategy_id BIGINT NOT NULL, 
	name TEXT NOT NULL, 
	source TEXT NOT NULL, 
	account_id VARCHAR(64) NOT NULL, 
	symbol VARCHAR(64) NOT NULL, 
	state VARCHAR(20) NOT NULL, 
	parameters TEXT NOT NULL, 
	position VARCHAR(100) NOT NULL, 
	net_profit VARCHAR(100) NOT NULL, 
	trade_count BIGINT NOT NULL, 
	trigger_count BIGINT NOT NULL, 
	error TEXT NOT NULL, 
	PRIMARY KEY (session_id, strategy_id), 
	FOREIGN KEY(session_id) REFERENCES sessions (session_id)
)
 WITHOUT ROWID

;
INSERT INTO "strategies" VALUES(1,1,'double_ma','double_ma','sim','SHFE.au2512','running','{"fast": 10, "slow": 20, "note": null}','1','11',11,11,'');
CREATE TABLE strategy_triggers (
	session_id INTEGER NOT NULL, 
	trigger_id BIGINT NOT NULL, 
	strategy_id BIGINT NOT NULL, 
	time_ns BIGINT NOT NULL, 
	condition TEXT NOT NULL, 
	price VARCHAR(100), 
	action VARCHAR(20) NOT NULL, 
	result VARCHAR(20) NOT NULL, 
	order_id BIGINT, 
	error TEXT NOT NULL, 
	PRIMARY KEY (session_id, trigger_id), 
	FOREIGN KEY(session_id) REFERENCES sessions (session_id)
)
 WITHOUT ROWID

;
INSERT INTO "strategy_triggers" VALUES(1,0,1,0,'fast crosses slow','980.02','buy','success',NULL,'');
INSERT INTO "strategy_triggers" VALUES(1,1,1,1,'fast crosses slow','980.02','buy','success',NULL,'');
INSERT INTO "strategy_triggers" VALUES(1,2,1,2,'fast crosses slow','980.02','buy','success',NULL,'');
INSERT INTO "strategy_triggers" VALUES(1,3,1,3,'fast crosses slow','980.02','buy','success',NULL,'');
INSERT INTO "strategy_triggers" VALUES(1,4,1,4,'fast crosses slow','980.02','buy','success',NULL,'');
INSERT INTO "strategy_triggers" VALUES(1,5,1,5,'fast crosses slow','980.02','buy','success',NULL,'');
INSERT INTO "strategy_triggers" VALUES(1,6,1,6,'fast crosses slow','980.02','buy','success',NULL,'');
INSERT INTO "strategy_triggers" VALUES(1,7,1,7,'fast crosses slow','980.02','buy','success',NULL,'');
INSERT INTO "strategy_triggers" VALUES(1,8,1,8,'fast crosses slow','980.02','buy','success',NULL,'');
INSERT INTO "strategy_triggers" VALUES(1,9,1,9,'fast crosses slow','980.02','buy','success',NULL,'');
INSERT INTO "strategy_triggers" VALUES(1,10,1,10,'fast crosses slow','980.02','buy','success',NULL,'');
INSERT INTO "strategy_triggers" VALUES(1,11,1,11,'fast crosses slow','980.02','buy','success',NULL,'');
CREATE TABLE trades (
	session_id INTEGER NOT NULL, 
	trade_id BIGINT NOT NULL, 
	order_id BIGINT NOT NULL, 
	strategy_id BIGINT NOT NULL, 
	account_id VARCHAR(64) NOT NULL, 
	symbol VARCHAR(64) NOT NULL, 
	side VARCHAR(20) NOT NULL, 
	"offset" VARCHAR(20) NOT NULL, 
	price VARCHAR(100) NOT NULL, 
	volume VARCHAR(100) NOT NULL, 
	commission VARCHAR(100) NOT NULL, 
	slippage VARCHAR(100) NOT NULL, 
	realised_profit VARCHAR(100) NOT NULL, 
	time_ns BIGINT NOT NULL, 
	venue_trade_id TEXT NOT NULL, fee_currency TEXT DEFAULT '' NOT NULL, direction VARCHAR(20), void BOOLEAN DEFAULT 0 NOT NULL, 
	PRIMARY KEY (session_id, trade_id), 
	FOREIGN KEY(session_id) REFERENCES sessions (session_id)
)
 WITHOUT ROWID

;
INSERT INTO "trades" VALUES(1,0,0,1,'sim','SHFE.au2512','BUY','OPEN','2714.93','1','0.10','0','0',0,'','',NULL,0);
INSERT INTO "trades" VALUES(1,1,1,1,'sim','SHFE.au2512','BUY','OPEN','2674.59','1','0.10','0','0',1,'','',NULL,0);
INSERT INTO "trades" VALUES(1,2,2,1,'sim','SHFE.au2512','BUY','OPEN','8760.84','1','0.10','0','0',2,'','',NULL,0);
INSERT INTO "trades" VALUES(1,3,3,1,'sim','SHFE.au2512','BUY','OPEN','4970.81','1','0.10','0','0',3,'','',NULL,0);
INSERT INTO "trades" VALUES(1,4,4,1,'sim','SHFE.au2512','BUY','OPEN','1625','1','0.10','0','0',4,'','',NULL,0);
INSERT INTO "trades" VALUES(1,5,5,1,'sim','SHFE.au2512','BUY','OPEN','9882.3','1','0.10','0','0',5,'','',NULL,0);
INSERT INTO "trades" VALUES(1,6,6,1,'sim','SHFE.au2512','BUY','OPEN','2743.3','1','0.10','0','0',6,'','',NULL,0);
INSERT INTO "trades" VALUES(1,7,7,1,'sim','SHFE.au2512','BUY','OPEN','759.54','1','0.10','0','0',7,'','',NULL,0);
INSERT INTO "trades" VALUES(1,8,8,1,'sim','SHFE.au2512','BUY','OPEN','7390.54','1','0.10','0','0',8,'','',NULL,0);
INSERT INTO "trades" VALUES(1,9,9,1,'sim','SHFE.au2512','BUY','OPEN','9086.55','1','0.10','0','0',9,'','',NULL,0);
INSERT INTO "trades" VALUES(1,10,10,1,'sim','SHFE.au2512','BUY','OPEN','2161.09','1','0.10','0','0',10,'','',NULL,0);
INSERT INTO "trades" VALUES(1,11,11,1,'sim','SHFE.au2512','BUY','OPEN','4737.8','1','0.10','0','0',11,'','',NULL,0);
INSERT INTO "trades" VALUES(1,200,200,1,'sim','SHFE.au2512','BUY','OPEN','980.02','1','0.10','0','0',200,'','BTC','Open Long',1);
CREATE INDEX orders_by_time ON orders (session_id, updated_ns, order_id);
CREATE INDEX trades_by_order ON trades (session_id, order_id);
CREATE INDEX trades_by_time ON trades (session_id, time_ns, trade_id);
CREATE UNIQUE INDEX signals_by_key ON signals (session_id, order_id, kind, "key");
CREATE INDEX signals_by_time ON signals (session_id, time_ns, signal_id);
CREATE INDEX executions_by_time ON executions (session_id, updated_ns, order_id);
CREATE INDEX alerts_by_time ON alerts (session_id, time_ns, alert_id);
CREATE INDEX position_records_by_time ON position_records (session_id, time_ns, record_id);
CREATE INDEX position_records_by_account ON position_records (session_id, account_id, time_ns, record_id);
CREATE INDEX position_records_by_symbol ON position_records (session_id, symbol, time_ns, record_id);
CREATE INDEX position_records_archive_by_time ON position_records_archive (session_id, time_ns, record_id);
CREATE INDEX position_records_archive_by_account ON position_records_archive (session_id, account_id, time_ns, record_id);
CREATE INDEX position_records_archive_by_symbol ON position_records_archive (session_id, symbol, time_ns, record_id);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('sessions',1);
COMMIT;
