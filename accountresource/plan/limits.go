package plan

import (
	"strconv"

	"github.com/mailpanel/account-resource/accountresource/account"
)

// Limits counts new accounts against what the domain may have (rule R6).
type Limits struct {
	domain             account.Domain
	mailboxes, aliases int
	quota              int64 // MB given out
}

func newLimits(d account.Domain) *Limits {
	return &Limits{domain: d, mailboxes: d.Mailboxes, aliases: d.Aliases, quota: d.QuotaUsed}
}

// mayRefuse reports whether a new mailbox may be refused, so that it matters which comes first.
func (l *Limits) mayRefuse() bool { return l.domain.MailboxLimit != 0 || l.domain.QuotaLimit > 0 }

// takeMailbox counts one more mailbox, or returns why there is no room for it.
func (l *Limits) takeMailbox() account.Message {
	d := &l.domain
	switch {
	case d.MailboxLimit < 0:
		return account.Say("reason_no_mailboxes_allowed", "Domain", d.Name)
	case d.MailboxLimit > 0 && l.mailboxes >= d.MailboxLimit:
		return account.Say("reason_mailbox_limit", "Domain", d.Name, "Limit", strconv.Itoa(d.MailboxLimit))
	case d.QuotaLimit > 0 && d.Quota == 0: // nothing would bound it
		return account.Say("reason_quota_unbounded", "Domain", d.Name)
	case d.QuotaLimit > 0 && l.quota+d.Quota > d.QuotaLimit:
		return account.Say("reason_quota_limit", "Domain", d.Name,
			"Quota", strconv.FormatInt(d.Quota, 10), "Limit", strconv.FormatInt(d.QuotaLimit, 10))
	}
	l.mailboxes++
	l.quota += d.Quota
	return account.Message{}
}

// takeAlias counts one more alias, or returns why there is no room for it.
func (l *Limits) takeAlias() account.Message {
	d := &l.domain
	switch {
	case d.AliasLimit < 0:
		return account.Say("reason_no_aliases_allowed", "Domain", d.Name)
	case d.AliasLimit > 0 && l.aliases >= d.AliasLimit:
		return account.Say("reason_alias_limit", "Domain", d.Name, "Limit", strconv.Itoa(d.AliasLimit))
	}
	l.aliases++
	return account.Message{}
}

// free counts one account less: one that is deleted, or could not be created. How much quota a deleted one had is not known.
func (l *Limits) free(k account.Kind) { l.count(k, -1) }

// keep counts an account again that could not be deleted.
func (l *Limits) keep(k account.Kind) { l.count(k, 1) }

func (l *Limits) count(k account.Kind, n int) {
	if k == account.Alias {
		l.aliases += n
	} else {
		l.mailboxes += n
	}
}
