package servers

import (
	"fmt"
	"strings"
)

// schema is what slapd must know of one family of entries. It is ours in its wording; names, numbers and rules are
// those that a mail server's entries have.
type schema struct {
	oid        string // all numbers of the family begin so
	attributes string // a line each: name, number, syntax, S(ingle) or M(ultiple) values, equality rule, substring rule
	classes    []class
}

// class is an object class. It allows the attributes of others, too.
type class struct{ name, oid, kind, must, may string }

// syntaxes is what the number of a syntax begins with.
const syntaxes = "1.3.6.1.4.1.1466.115.121.1."

// rules are the matching rules by the names that the tables give them.
var rules = map[string]string{
	"bool":     "booleanMatch",
	"ceIA5":    "caseExactIA5Match",
	"ceSub":    "caseExactSubstringsMatch",
	"ci":       "caseIgnoreMatch",
	"ciSub":    "caseIgnoreSubstringsMatch",
	"ciIA5":    "caseIgnoreIA5Match",
	"ciIA5Sub": "caseIgnoreIA5SubstringsMatch",
	"int":      "integerMatch",
	"genTime":  "generalizedTimeMatch",
}

// String is the schema as slapd's configuration includes it.
func (s schema) String() string {
	var text strings.Builder
	for line := range strings.Lines(strings.TrimSpace(s.attributes)) {
		field := strings.Fields(line)
		fmt.Fprintf(&text, "attributetype ( %s.%s NAME '%s' EQUALITY %s", s.oid, field[1], field[0], rules[field[4]])
		if rule, ok := rules[field[5]]; ok {
			fmt.Fprintf(&text, " SUBSTR %s", rule)
		}
		fmt.Fprintf(&text, " SYNTAX %s%s", syntaxes, field[2])
		if field[3] == "S" {
			text.WriteString(" SINGLE-VALUE")
		}
		text.WriteString(" )\n")
	}
	for _, c := range s.classes {
		fmt.Fprintf(&text, "objectclass ( %s.%s NAME '%s' SUP top %s", s.oid, c.oid, c.name, c.kind)
		if c.must != "" {
			fmt.Fprintf(&text, " MUST ( %s )", strings.Join(strings.Fields(c.must), " $ "))
		}
		fmt.Fprintf(&text, " MAY ( %s ) )\n", strings.Join(strings.Fields(c.may), " $ "))
	}
	return text.String()
}

// names are the names of the attributes in a table.
func names(attributes string) string {
	var all []string
	for line := range strings.Lines(strings.TrimSpace(attributes)) {
		all = append(all, strings.Fields(line)[0])
	}
	return strings.Join(all, " ")
}

// iredmailSchema is the schema of iRedMail's domains and accounts. slapd must know core, cosine, inetorgperson and nis
// before.
var iredmailSchema = schema{
	oid:        "1.3.6.1.4.1.32349.1.2",
	attributes: iredmailAttributes,
	classes: []class{
		{name: "mailDomain", oid: "4.1", kind: "STRUCTURAL", must: "domainName",
			may: "cn mtaTransport domainAdmin enabledService disabledService domainBackupMX accountStatus mailHost " +
				"domainSenderBccAddress domainRecipientBccAddress domainMaxQuotaSize domainCurrentQuotaSize " +
				"domainMaxUserNumber domainCurrentUserNumber domainMaxAliasNumber domainCurrentAliasNumber " +
				"domainMaxListNumber domainCurrentListNumber domainDefaultUserQuota domainAliasName " +
				"domainPendingAliasName disclaimer description street telephoneNumber facsimileTelephoneNumber " +
				"expiredDate accountSetting domainWhitelistIP domainWhitelistSender domainBlacklistIP " +
				"domainBlacklistSender preferredLanguage senderRelayHost"},
		{name: "mailAdmin", oid: "4.2", kind: "STRUCTURAL", must: "mail",
			may: "domainGlobalAdmin description enabledService disabledService userPassword accountStatus cn sn " +
				"preferredLanguage givenName expiredDate mailHost accountSetting shadowLastChange"},
		{name: "mailUser", oid: "4.3", kind: "AUXILIARY", must: "mail uid",
			may: "storageBaseDirectory mailMessageStore homeDirectory userPassword mailHost mailUID mailGID mailQuota " +
				"mailQuotaMessageLimit mailForwardingAddress shadowAddress accountStatus userRecipientBccAddress " +
				"userSenderBccAddress enabledService disabledService telephoneNumber backupMailAddress mtaTransport " +
				"memberOfGroup expiredDate preferredLanguage disclaimer accountSetting title userManager " +
				"mailWhitelistRecipient mailBlacklistRecipient domainGlobalAdmin allowNets senderRelayHost " +
				"domainStatus maxMessageSize mailboxFormat mailboxFolder recoveryEmail birthday"},
		{name: "mailAlias", oid: "4.4", kind: "STRUCTURAL", must: "mail",
			may: "accountStatus description cn memberOfGroup enabledService disabledService mailForwardingAddress " +
				"shadowAddress expiredDate accountSetting mailHost domainStatus accessPolicy listModerator"},
		{name: "mailList", oid: "4.5", kind: "STRUCTURAL", must: "mail",
			may: "cn accountStatus description accessPolicy shadowAddress enabledService disabledService memberOfGroup " +
				"hasMember listAllowedUser expiredDate accountSetting mailHost member uniqueMember memberUid " +
				"gidNumber domainStatus listModerator listOwner mtaTransport mailingListID maxMessageSize"},
		{name: "mailExternalUser", oid: "4.6", kind: "STRUCTURAL", must: "memberOfGroup",
			may: "cn accountStatus mail enabledService disabledService description mailHost accountSetting " +
				"shadowAddress domainStatus"},
	},
}

// amavisSchema is the schema of what the content filter wants to know of a user. slapd must know core before.
var amavisSchema = schema{
	oid:        "1.3.6.1.4.1.15312.2.2",
	attributes: amavisAttributes,
	classes: []class{
		{name: "amavisAccount", oid: "2.1", kind: "AUXILIARY", may: names(amavisAttributes) + " cn description"},
	},
}

const iredmailAttributes = `
domainName                1.1  26{255}  S ciIA5   ciSub
mtaTransport              1.2  26       S ciIA5   ciSub
domainStatus              1.3  26       S ciIA5   ciSub
domainAdmin               1.4  26{320}  M ciIA5   ciSub
domainGlobalAdmin         1.5  26       S ciIA5   ciSub
domainBackupMX            1.6  26       S ciIA5   ciSub
domainSenderBccAddress    1.7  26{320}  S ciIA5   ciSub
domainRecipientBccAddress 1.8  26{320}  S ciIA5   ciSub
domainMaxQuotaSize        1.9  27       S int     -
domainCurrentQuotaSize    1.10 26       S ciIA5   ciSub
domainMaxUserNumber       1.11 27       S int     -
domainCurrentUserNumber   1.12 27       S int     -
domainMaxAliasNumber      1.13 27       S int     -
domainCurrentAliasNumber  1.14 27       S int     -
domainMaxListNumber       1.15 27       S int     -
domainCurrentListNumber   1.16 27       S int     -
disclaimer                1.17 15       S ci      ciSub
domainDefaultUserQuota    1.18 27       S int     -
domainAliasName           1.19 26{255}  M ciIA5   ciSub
domainWhitelistIP         1.20 26       M ciIA5   ciSub
domainWhitelistSender     1.21 26       M ciIA5   ciSub
domainBlacklistIP         1.22 26       M ciIA5   ciSub
domainBlacklistSender     1.23 26       M ciIA5   ciSub
domainPendingAliasName    1.24 26{255}  M ciIA5   ciSub
mailUID                   2.1  27       S int     -
mailGID                   2.2  27       S int     -
storageBaseDirectory      2.3  26       S ceIA5   -
mailMessageStore          2.4  26       S ceIA5   -
mailQuota                 2.5  27       S int     -
mailQuotaMessageLimit     2.6  27       S int     -
mailHost                  2.7  26       S ciIA5   -
mailForwardingAddress     2.8  26{320}  M ciIA5   ciIA5Sub
accountStatus             2.9  26       S ciIA5   ciSub
userRecipientBccAddress   2.10 26{320}  S ciIA5   ciSub
userSenderBccAddress      2.11 26{320}  S ciIA5   ciSub
backupMailAddress         2.12 26{320}  S ciIA5   ciSub
enabledService            2.13 26       M ciIA5   ciSub
memberOfGroup             2.14 26{320}  M ciIA5   ciSub
expiredDate               2.18 24       S genTime -
shadowAddress             2.19 26{320}  M ciIA5   ciSub
accountSetting            2.20 26       M ciIA5   ciSub
userManager               2.21 26{320}  M ciIA5   ciSub
mailWhitelistRecipient    2.22 26       M ciIA5   ciSub
mailBlacklistRecipient    2.23 26       M ciIA5   ciSub
disabledService           2.24 26       M ciIA5   ciSub
allowNets                 2.25 15{1024} S ci      ciSub
senderRelayHost           2.26 26{255}  S ciIA5   ciSub
maxMessageSize            2.27 27       S int     -
mailboxFormat             2.28 26{50}   S ciIA5   ciSub
mailboxFolder             2.29 26{50}   S ciIA5   ciSub
recoveryEmail             2.30 26{320}  S ciIA5   ciSub
birthday                  2.31 26{10}   S ciIA5   ciSub
accessPolicy              3.1  26       S ciIA5   ciSub
hasMember                 3.2  26       S ciIA5   ciSub
listAllowedUser           3.3  26{320}  M ciIA5   ciSub
listModerator             3.4  26{320}  M ciIA5   ciSub
listOwner                 3.5  26{320}  M ciIA5   ciSub
mailingListID             3.6  26{36}   M ciIA5   ciSub
`

const amavisAttributes = `
amavisVirusLover                1.1  7       S bool  -
amavisBannedFilesLover          1.2  7       S bool  -
amavisBypassVirusChecks         1.3  7       S bool  -
amavisBypassSpamChecks          1.4  7       S bool  -
amavisSpamTagLevel              1.5  26{256} S ciIA5 ciIA5Sub
amavisSpamTag2Level             1.6  26{256} S ciIA5 ciIA5Sub
amavisSpamKillLevel             1.7  26{256} S ciIA5 ciIA5Sub
amavisSpamModifiesSubj          1.8  7       S bool  -
amavisWhitelistSender           1.9  26{256} M ciIA5 ciIA5Sub
amavisBlacklistSender           1.10 26{256} M ciIA5 ciIA5Sub
amavisSpamQuarantineTo          1.11 26{256} S ciIA5 ciIA5Sub
amavisSpamLover                 1.12 7       S bool  -
amavisBadHeaderLover            1.13 7       S bool  -
amavisBypassBannedChecks        1.14 7       S bool  -
amavisBypassHeaderChecks        1.15 7       S bool  -
amavisVirusQuarantineTo         1.16 26{256} S ciIA5 ciIA5Sub
amavisBannedQuarantineTo        1.17 26{256} S ciIA5 ciIA5Sub
amavisBadHeaderQuarantineTo     1.18 26{256} S ciIA5 ciIA5Sub
amavisLocal                     1.19 7       S bool  -
amavisMessageSizeLimit          1.20 26{256} S ciIA5 ciIA5Sub
amavisWarnVirusRecip            1.21 7       S bool  -
amavisWarnBannedRecip           1.22 7       S bool  -
amavisWarnBadHeaderRecip        1.23 7       S bool  -
amavisVirusAdmin                1.24 26{256} S ciIA5 ciIA5Sub
amavisNewVirusAdmin             1.25 26{256} S ciIA5 ciIA5Sub
amavisSpamAdmin                 1.26 26{256} S ciIA5 ciIA5Sub
amavisBannedAdmin               1.27 26{256} S ciIA5 ciIA5Sub
amavisBadHeaderAdmin            1.28 26{256} S ciIA5 ciIA5Sub
amavisBannedRuleNames           1.29 26{256} S ciIA5 ciIA5Sub
amavisSpamDsnCutoffLevel        1.30 26{256} S ciIA5 ciIA5Sub
amavisSpamQuarantineCutoffLevel 1.31 26{256} S ciIA5 ciIA5Sub
amavisSpamSubjectTag            1.32 26{256} S ceIA5 ceSub
amavisSpamSubjectTag2           1.33 26{256} S ceIA5 ceSub
amavisArchiveQuarantineTo       1.34 26{256} S ciIA5 ciIA5Sub
amavisAddrExtensionVirus        1.35 26{256} S ceIA5 ceSub
amavisAddrExtensionSpam         1.36 26{256} S ceIA5 ceSub
amavisAddrExtensionBanned       1.37 26{256} S ceIA5 ceSub
amavisAddrExtensionBadHeader    1.38 26{256} S ceIA5 ceSub
amavisSpamTag3Level             1.39 26{256} S ciIA5 ciIA5Sub
amavisSpamSubjectTag3           1.40 26{256} S ceIA5 ceSub
amavisUncheckedQuarantineTo     1.41 26{256} S ciIA5 ciIA5Sub
amavisCleanQuarantineTo         1.42 26{256} S ciIA5 ciIA5Sub
amavisUncheckedLover            1.43 7       S bool  -
amavisForwardMethod             1.44 26{256} M ciIA5 ciIA5Sub
amavisSaUserConf                1.45 26{256} S ceIA5 ceSub
amavisSaUserName                1.46 26{256} S ceIA5 ceSub
amavisDisclaimerOptions         1.47 26{256} S ciIA5 ciIA5Sub
`
