package fakead

import (
	"strconv"
	"strings"
	"time"

	"github.com/go-ldap/ldap/v3"
)

// bind takes a DN, user@domain or DOMAIN\user with a password. An empty password is an anonymous bind, which
// succeeds (RFC 4513, section 5.1.2).
func (c *session) bind(r request) {
	c.bound, c.admin = nil, false
	if len(r.op.Children) < 3 || r.op.Children[2].Tag != 0 {
		c.result(r, ldap.ApplicationBindResponse, failure(ldap.LDAPResultAuthMethodNotSupported, "00000057: LdapErr: DSID-0C090CF4, comment: only simple binds, data 0, v4563"))
		return
	}
	name, password := text(r.op.Children[1]), r.op.Children[2].Data.String()
	var err *ldap.Error
	switch {
	case c.server.refusing.Load() != 0:
		err = failure(uint16(c.server.refusing.Load()), "00002024: LdapErr: DSID-0C060610, comment: The server is not ready, data 0, v4563")
	case password == "":
	case c.server.options.RequireTLS && !c.encrypted:
		err = failure(ldap.LDAPResultStrongAuthRequired, "00002028: LdapErr: DSID-0C090259, comment: The server requires binds to turn on integrity checking if SSL\\TLS are not already active on the connection, data 0, v4563")
	default:
		c.bound, err = c.server.tree.authenticate(name, password)
		c.admin = err == nil && c.bound.admin
	}
	c.result(r, ldap.ApplicationBindResponse, err)
}

// Refuse answers every bind with a result code from now on, such as 51 (busy) of a server that starts; 0 ends that.
func (s *Server) Refuse(code uint16) { s.refusing.Store(uint32(code)) }

// authenticate finds the account and says why it may not sign in. The order is that of Windows: a locked account is
// refused before the password is looked at, everything else only after it proved right.
func (t *tree) authenticate(name, password string) (*entry, *ldap.Error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	e := t.account(name)
	code := ""
	switch {
	case e == nil:
		code = "525"
	case number(e.first("lockoutTime")) > 0:
		code = "775"
	case e.password == "" || e.password != password:
		code = "52e"
		t.countWrong(e, time.Now())
	case number(e.first("userAccountControl"))&0x2 != 0:
		code = "533"
	case expired(e.first("accountExpires")):
		code = "701"
	case number(e.first("userAccountControl"))&0x800000 != 0:
		code = "532"
	case e.first("pwdLastSet") == "0":
		code = "773"
	case strings.Trim(e.first("logonHours"), "\x00") == "" && e.first("logonHours") != "":
		code = "530"
	case e.first("userWorkstations") != "":
		code = "531"
	default:
		e.set("badPwdCount", "0")
		return e, nil
	}
	return nil, failure(ldap.LDAPResultInvalidCredentials,
		"80090308: LdapErr: DSID-0C090447, comment: AcceptSecurityContext error, data "+code+", v4563")
}

// account finds who a bind name means.
func (t *tree) account(name string) *entry {
	if e := t.find(name); e != nil {
		return e
	}
	sam, isSAM := "", false
	if domain, user, ok := strings.Cut(name, `\`); ok {
		sam, isSAM = user, strings.EqualFold(domain, t.netbios)
	} else if user, domain, ok := strings.Cut(name, "@"); ok {
		sam, isSAM = user, strings.EqualFold(domain, t.domain)
	}
	for _, e := range t.entries {
		if e.deleted {
			continue
		}
		if strings.EqualFold(e.first("userPrincipalName"), name) || isSAM && strings.EqualFold(e.first("sAMAccountName"), sam) {
			return e
		}
	}
	return nil
}

// countWrong counts a wrong password, and locks the account where the domain's policy says so. Counting begins anew once the last one is
// older than the observation window (MS-ADTS 3.1.1.4.5).
func (t *tree) countWrong(e *entry, now time.Time) {
	policy, threshold, observed := t.find(t.base), "lockoutThreshold", "lockOutObservationWindow"
	if own := t.find(e.first("msDS-ResultantPSO")); own != nil {
		policy, threshold, observed = own, "msDS-LockoutThreshold", "msDS-LockoutObservationWindow"
	}
	count, window := number(e.first("badPwdCount")), time.Duration(-number(policy.first(observed)))*100
	if now.Sub(fromTicks(number(e.first("badPasswordTime")))) > window {
		count = 0
	}
	count++
	e.set("badPwdCount", strconv.FormatInt(count, 10))
	e.set("badPasswordTime", strconv.FormatInt(ticks(now), 10))
	if most := number(policy.first(threshold)); most > 0 && count >= most {
		e.set("lockoutTime", strconv.FormatInt(ticks(now), 10))
	}
}

// toUnix is the number of seconds between the years 1601, when Windows' time begins, and 1970.
const toUnix = 11_644_473_600

// ticks is a time in units of 100 ns since 1601.
func ticks(t time.Time) int64 { return (t.Unix()+toUnix)*10_000_000 + int64(t.Nanosecond()/100) }

func fromTicks(n int64) time.Time { return time.Unix(n/10_000_000-toUnix, n%10_000_000*100) }

func number(text string) int64 {
	n, _ := strconv.ParseInt(text, 10, 64) // 0 where there is none
	return n
}

// expired reads accountExpires: ticks of 100 ns since 1601, with two values for never.
func expired(text string) bool {
	n := number(text)
	return n > 0 && n < 1<<63-1 && fromTicks(n).Before(time.Now())
}
