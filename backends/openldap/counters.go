package openldap

import (
	"context"
	"fmt"
	"strconv"

	"github.com/go-ldap/ldap/v3"

	"github.com/mailpanel/account-resource/accountresource/account"
)

// tally is how many accounts a domain has, or how many more; quota is what the mailboxes may hold together, in bytes.
type tally struct {
	mailboxes, aliases int
	quota              int64
}

func (t tally) plus(more tally) tally {
	return tally{t.mailboxes + more.mailboxes, t.aliases + more.aliases, t.quota + more.quota}
}

// counters are the attributes of a domain's entry that have a tally: iRedMail's panel shows them, and nothing else reads them.
var counters = []struct {
	name string
	of   func(*tally) int64
}{
	{"domainCurrentUserNumber", func(t *tally) int64 { return int64(t.mailboxes) }},
	{"domainCurrentAliasNumber", func(t *tally) int64 { return int64(t.aliases) }},
	{"domainCurrentQuotaSize", func(t *tally) int64 { return t.quota }},
}

// written returns the values of those counters that an entry has, as they are for the tally.
func (t tally) written(e *ldap.Entry) map[string]string {
	values := make(map[string]string)
	for _, c := range counters {
		if e.GetAttributeValue(c.name) != "" {
			values[c.name] = strconv.FormatInt(max(c.of(&t), 0), 10)
		}
	}
	return values
}

// stands reports whether the counters of an entry have the tally.
func (t tally) stands(e *ldap.Entry) bool {
	for name, value := range t.written(e) {
		if e.GetAttributeValue(name) != value {
			return false
		}
	}
	return true
}

// of is the tally of one account.
func of(kind account.Kind, quota int64) tally {
	if kind == account.Alias {
		return tally{aliases: 1}
	}
	return tally{mailboxes: 1, quota: quota}
}

func (t tally) minus(less tally) tally {
	return tally{t.mailboxes - less.mailboxes, t.aliases - less.aliases, t.quota - less.quota}
}

// expected is what steps make where all of them succeed; what is deleted is taken to have the quota that is given now.
func expected(d *account.Domain, turns map[account.Verb][]step) (more tally) {
	for _, s := range turns[account.Create] {
		more = more.plus(of(s.Kind, d.Quota*megabyte))
	}
	for _, s := range turns[account.Delete] {
		more = more.minus(of(s.Kind, d.Quota*megabyte))
	}
	return more
}

// said is what the counters of an entry say.
func said(e *ldap.Entry) tally {
	number := func(name string) int64 {
		n, err := strconv.ParseInt(e.GetAttributeValue(name), 10, 64)
		if err != nil {
			return 0
		}
		return n
	}
	return tally{int(number(counters[0].name)), int(number(counters[1].name)), number(counters[2].name)}
}

// count keeps the counters of a domain in step with what is made meanwhile. They are announced before and put right after: where a batch was
// cut off, they say something else than whoever counts next has written last, and that one counts anew.
type count struct {
	backend   *Backend
	domain    string
	announced tally
	known     bool // whether there were as many before as the counters said
	before    tally
	idle      bool // there is nothing to write
	refused   bool
}

// announce begins a count for what the steps are going to make.
func (b *Backend) announce(ctx context.Context, d *account.Domain, turns map[account.Verb][]step) (*count, error) {
	c := &count{backend: b, domain: d.Name}
	e, err := b.counters(ctx, d.Name)
	if err != nil || e == nil {
		c.idle = true
		return c, err
	}
	b.mu.Lock()
	c.before, c.known = b.counted[d.Name]
	b.mu.Unlock()
	if c.known = c.known && c.before.stands(e); !c.known {
		c.before = said(e)
	}
	c.announced = c.before
	if len(turns[account.Create])+len(turns[account.Delete]) == 0 {
		c.idle = c.known
		return c, nil
	}
	c.announced = c.before.plus(expected(d, turns))
	if c.announced.stands(e) { // else nobody could tell that something is under way
		c.announced = c.before.plus(tally{1, 1, 1})
	}
	err = c.write(ctx, e, c.announced)
	c.idle = c.refused
	return c, err
}

// end has the counters say what there is, after so many more were made.
func (c *count) end(ctx context.Context, more tally) error {
	if c.idle {
		return nil
	}
	b := c.backend
	e, err := b.counters(ctx, c.domain)
	if err != nil || e == nil {
		return err
	}
	now := c.before.plus(more)
	if !c.known || !c.announced.stands(e) {
		if now, err = b.tally(ctx, c.domain); err != nil {
			return fmt.Errorf("count the accounts of %s: %w", c.domain, err)
		}
	}
	err = c.write(ctx, e, now)
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case err != nil:
		delete(b.counted, c.domain)
	case c.refused: // nor will the next one be let: there is nothing to count for
		b.counted[c.domain] = said(e)
	default:
		b.counted[c.domain] = now
	}
	return err
}

// write changes those counters that an entry has. A server that refuses keeps nobody from a mailbox.
func (c *count) write(ctx context.Context, e *ldap.Entry, t tally) error {
	change := ldap.NewModifyRequest(e.DN, nil)
	for name, value := range t.written(e) {
		if e.GetAttributeValue(name) != value {
			change.Replace(name, []string{value})
		}
	}
	if len(change.Changes) == 0 {
		return nil
	}
	err := c.backend.pool.use(ctx, func(conn *ldap.Conn) error { return conn.Modify(change) })
	switch {
	case refusal(err):
		c.refused = true
	case err != nil:
		return fmt.Errorf("write how many accounts %s has: %w", c.domain, failure(err))
	}
	return nil
}

// counters reads the counters of a domain; nil where its entry has none.
func (b *Backend) counters(ctx context.Context, domain string) (*ldap.Entry, error) {
	names := make([]string, len(counters))
	for i, c := range counters {
		names[i] = c.name
	}
	e, err := b.entry(ctx, b.domainDN(domain), names...)
	if err != nil || e == nil || len(e.Attributes) == 0 {
		return nil, err
	}
	return e, nil
}

// tally counts the accounts of a domain. The catch-all is nobody's mailbox.
func (b *Backend) tally(ctx context.Context, domain string) (t tally, err error) {
	filter := "(|(&(objectClass=mailUser)(!(mail=@*)))(objectClass=mailAlias))"
	err = b.pages(ctx, b.domainDN(domain), filter, []string{"objectClass", "mailQuota"}, func(page []*ldap.Entry) error {
		for _, e := range page {
			if isClass(e, "mailAlias") {
				t.aliases++
				continue
			}
			t.mailboxes++
			t.quota += quotaOf(e)
		}
		return nil
	})
	return t, err
}

// quotaOf is what a mailbox may hold, in bytes; 0 is no limit.
func quotaOf(e *ldap.Entry) int64 {
	n, err := strconv.ParseInt(e.GetAttributeValue("mailQuota"), 10, 64)
	if err != nil {
		return 0
	}
	return n
}
