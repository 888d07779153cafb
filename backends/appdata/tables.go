package appdata

import "github.com/mailpanel/account-resource/backends/references"

// Roundcube: everything hangs on users.user_id. Its own schema deletes along; a database without those foreign keys is
// cleaned all the same.
var roundcube = knowledge{
	tables: []references.Table{
		{Name: "users", Key: []string{"username", "mail_host"}, Owned: []string{"username"}},
		{Name: "identities", Kept: []string{"email", "reply-to", "bcc"}},
	},
	delete: append([]statement{
		{"contactgroupmembers", "DELETE FROM contactgroupmembers WHERE contact_id IN (SELECT contact_id FROM contacts" +
			" WHERE user_id IN (SELECT user_id FROM users WHERE username IN :list)) OR contactgroup_id IN" +
			" (SELECT contactgroup_id FROM contactgroups WHERE user_id IN (SELECT user_id FROM users WHERE username IN :list))"},
	}, ofUsers("identities", "contacts", "contactgroups", "collected_addresses", "responses", "dictionary", "searches",
		"filestore", "cache", "cache_index", "cache_thread", "cache_messages")...),
}

func ofUsers(tables ...string) (all []statement) {
	for _, t := range tables {
		all = append(all, statement{t, "DELETE FROM " + t + " WHERE user_id IN (SELECT user_id FROM users WHERE username IN :list)"})
	}
	return all
}

// SOGo in combined-table mode. A user's folders are known by c_path2, what is in them by c_folder_id. In settings,
// folders of others stand as "address:Calendar/folder".
var sogo = knowledge{
	tables: []references.Table{
		{Name: "sogo_user_profile", Key: []string{"c_uid"}, Owned: []string{"c_uid"}},
		{Name: "sogo_acl", Owned: []string{"c_uid"}},
		{Name: "sogo_cache_folder", Key: []string{"c_uid", "c_path"}, Owned: []string{"c_uid"}},
		{Name: "sogo_folder_info", Owned: []string{"c_path2"}},
	},
	rename: []statement{
		// Who signed in under the new address already, between the two renamings, has empty folders: they give way.
		{"sogo_folder_info", "DELETE FROM sogo_folder_info WHERE c_path2 = {to} AND EXISTS" +
			" (SELECT 1 FROM (SELECT c_path2 FROM sogo_folder_info WHERE c_path2 = {from}) mine)"},
		{"sogo_user_profile", `UPDATE sogo_user_profile SET c_defaults = REPLACE(c_defaults, {"from"}, {"to"}),` +
			` c_settings = REPLACE(c_settings, {"from"}, {"to"}) WHERE c_uid = {from}`},
		{"sogo_user_profile", `UPDATE sogo_user_profile SET c_settings = REPLACE(c_settings, {"from:}, {"to:})` +
			` WHERE c_settings LIKE {~%"from:%} ESCAPE '!'`},
		{"sogo_folder_info", "UPDATE sogo_folder_info SET c_path = REPLACE(c_path, {/Users/from/}, {/Users/to/})" +
			" WHERE c_path2 = {from}"},
		{"sogo_acl", "UPDATE sogo_acl SET c_object = REPLACE(c_object, {/from/}, {/to/}) WHERE c_object LIKE {~/from/%} ESCAPE '!'"},
		{"sogo_alarms_folder", "UPDATE sogo_alarms_folder SET c_path = REPLACE(c_path, {/Users/from/}, {/Users/to/})" +
			" WHERE c_path LIKE {~/Users/from/%} ESCAPE '!'"},
	},
	forget: []statement{
		{"sogo_alarms_folder", "DELETE FROM sogo_alarms_folder WHERE c_path LIKE {~/Users/from/%} ESCAPE '!'"},
	},
	delete: inFolders("sogo_store", "sogo_quick_appointment", "sogo_quick_contact", "sogo_acl"),
}

func inFolders(tables ...string) (all []statement) {
	for _, t := range tables {
		all = append(all, statement{t, "DELETE FROM " + t + " WHERE c_folder_id IN" +
			" (SELECT c_folder_id FROM sogo_folder_info WHERE c_path2 IN :list)"})
	}
	return all
}

// Amavisd: lists hang on the ids of users (the local side) and mailaddr (the other side, shared by all accounts). Its
// log is left to expire.
var amavisd = knowledge{
	tables: []references.Table{
		{Name: "users", Key: []string{"email"}, Owned: []string{"email"}, Binary: true},
		{Name: "policy", Key: []string{"policy_name"}, Owned: []string{"policy_name"}},
	},
	rename: []statement{
		// Others list the person under the old address: that follows, unless they know the new one already.
		{"mailaddr", "UPDATE mailaddr SET email = {to} WHERE email = {from} AND NOT EXISTS" +
			" (SELECT 1 FROM (SELECT email FROM mailaddr WHERE email = {to}) there)"},
	},
	delete: []statement{
		{"wblist", "DELETE FROM wblist WHERE rid IN (SELECT id FROM users WHERE email IN :list)"},
		{"outbound_wblist", "DELETE FROM outbound_wblist WHERE sid IN (SELECT id FROM users WHERE email IN :list)"},
	},
}

// iRedAPD: throttle_tracking refers to throttle and does not let it go before.
var iredapd = knowledge{
	tables: []references.Table{
		{Name: "throttle_tracking", Key: []string{"tid", "account"}, Owned: []string{"account"}},
		{Name: "throttle", Key: []string{"account", "kind"}, Owned: []string{"account"}},
		{Name: "greylisting", Key: []string{"account", "sender"}, Owned: []string{"account"}, Kept: []string{"sender"}},
		{Name: "greylisting_whitelists", Key: []string{"account", "sender"}, Owned: []string{"account", "sender"}},
		{Name: "greylisting_whitelist_domain_spf", Key: []string{"account", "sender"}, Owned: []string{"account", "sender"}},
	},
	rename: []statement{
		{"throttle_tracking", "DELETE FROM throttle_tracking WHERE tid IN (SELECT id FROM throttle WHERE account = {to})" +
			" AND EXISTS (SELECT 1 FROM throttle t WHERE t.account = {from})"},
	},
	delete: []statement{
		{"throttle_tracking", "DELETE FROM throttle_tracking WHERE tid IN (SELECT id FROM throttle WHERE account IN :list)"},
		{"greylisting_tracking", "DELETE FROM greylisting_tracking WHERE recipient IN :list OR sender IN :list"},
	},
}

// iRedAdmin keeps settings of an account; its log is history and stays.
var iredadmin = knowledge{
	tables: []references.Table{
		{Name: "settings", Key: []string{"account", "k"}, Owned: []string{"account"}},
		{Name: "domain_ownership", Kept: []string{"admin"}},
		{Name: "newsletter_subunsub_confirms", Owned: []string{"subscriber"}},
	},
}
