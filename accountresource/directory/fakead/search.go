package fakead

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"time"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"
)

// query is what a search request asks for (RFC 4511, section 4.5.1).
type query struct {
	base, key  string
	scope      int64
	sizeLimit  int
	timeLimit  time.Duration // 0: none
	filter     *ber.Packet
	attributes selection
	deleted    bool // tombstones too
	local      bool // without references
	extended   bool // DNs with their identities
	most       int  // values of an attribute in one answer
	paged      bool
	size       int
	from, page int // where the page begins, and its number from 1
}

// The controls of Active Directory that matter here (MS-ADTS 3.1.1.3.4.1).
const (
	showDeleted = ldap.ControlTypeMicrosoftShowDeleted
	domainScope = "1.2.840.113556.1.4.1339"
	extendedDN  = "1.2.840.113556.1.4.529"
)

// search answers a search request; false ends the connection.
func (c *session) search(r request) bool {
	q, err := c.query(r)
	if err != nil {
		c.result(r, ldap.ApplicationSearchResultDone, err)
		return true
	}
	if q.base == "" && q.scope == ldap.ScopeBaseObject {
		c.entry(r, c.server.rootDSE(), q.attributes)
		c.result(r, ldap.ApplicationSearchResultDone, nil)
		return true
	}
	if c.bound == nil {
		c.result(r, ldap.ApplicationSearchResultDone, failure(ldap.LDAPResultOperationsError,
			"000004DC: LdapErr: DSID-0C090CF4, comment: In order to perform this operation a successful bind must be completed on the connection., data 0, v4563"))
		return true
	}
	page, err := c.server.tree.page(q, c.server.options.MaxPageSize)
	if err != nil {
		c.result(r, ldap.ApplicationSearchResultDone, err)
		return true
	}
	return c.give(r, q, page)
}

// give sends a page, with what faults make of it.
func (c *session) give(r request, q query, p page) bool {
	fault, failing := c.server.faults.of(q)
	if failing && q.timeLimit > 0 && fault.Work > q.timeLimit {
		fault.Work, fault.Code = q.timeLimit, ldap.LDAPResultTimeLimitExceeded
	}
	if failing && !c.server.wait(fault.Delay+fault.Work) {
		return false
	}
	for i, o := range p.objects {
		if failing && (fault.Hollow || fault.ends() && i == fault.After) {
			break
		}
		c.entry(r, o, q.attributes)
	}
	switch {
	case failing && fault.Cut:
		_ = c.out.Flush() // the connection ends either way
		return false
	case failing && fault.Code != 0:
		c.result(r, ldap.ApplicationSearchResultDone, fault.failure())
		return true
	}
	if p.next == 0 && p.err == nil && !q.local && q.scope == ldap.ScopeWholeSubtree && q.key == c.server.tree.contexts[2] {
		c.references(r)
	}
	var controls []ldap.Control
	if q.paged && fault.Paging != Bare {
		paging := ldap.NewControlPaging(0)
		paging.SetCookie(c.server.cookie(q, p, fault.Paging))
		controls = append(controls, paging)
	}
	c.result(r, ldap.ApplicationSearchResultDone, p.err, controls...)
	return true
}

// cookie leads to the page behind a page, or where a fault lets it lead; there is none behind the last.
func (s *Server) cookie(q query, p page, fault Paging) []byte {
	next := p.next
	switch {
	case next == 0 || fault == Lost:
		return nil
	case fault == Garbled:
		return []byte("no cookie of this server")
	case fault == Circle:
		next = q.from
	case fault == Skipped:
		q.from = next
		behind, err := s.tree.page(q, s.options.MaxPageSize)
		if err != nil || behind.next == 0 {
			return nil
		}
		next = behind.next
	}
	return binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, uint32(next)), uint32(q.page+1))
}

// references name the parts of the tree below that other servers may have (RFC 4511, section 4.5.3).
func (c *session) references(r request) {
	t := c.server.tree
	for _, name := range []string{"CN=Configuration", "DC=DomainDnsZones", "DC=ForestDnsZones"} {
		host := t.domain
		if zone, isZone := strings.CutPrefix(name, "DC="); isZone {
			host = zone + "." + host
		}
		c.send(r, sequence(ber.ClassApplication, ldap.ApplicationSearchResultReference,
			octets("ldap://"+host+"/"+name+","+t.base)))
	}
}

// query reads a search request.
func (c *session) query(r request) (query, *ldap.Error) {
	broken := failure(ldap.LDAPResultProtocolError, "0000203D: LdapErr: DSID-0C090CF4, comment: Error decoding ldap message, data 0, v4563")
	parts := r.op.Children
	if len(parts) < 8 {
		return query{}, broken
	}
	q := query{base: text(parts[0]), filter: parts[6], page: 1}
	scope, isScope := parts[1].Value.(int64)
	limit, isLimit := parts[3].Value.(int64)
	seconds, isTime := parts[4].Value.(int64)
	if !isScope || !isLimit || !isTime {
		return query{}, broken
	}
	q.scope, q.sizeLimit, q.timeLimit = scope, int(limit), time.Duration(seconds)*time.Second
	q.attributes = selectionOf(parts[7].Children)
	for _, control := range r.controls {
		if unknown, isOther := control.(*ldap.ControlString); isOther && unknown.Criticality && !slices.Contains(supportedControls, unknown.ControlType) {
			return query{}, failure(ldap.LDAPResultUnavailableCriticalExtension, "00000057: LdapErr: DSID-0C0907E8, comment: Unavailable critical extension, data 0, v4563")
		}
		switch control.GetControlType() {
		case showDeleted:
			q.deleted = c.admin
		case domainScope:
			q.local = true
		case extendedDN:
			q.extended, q.most = true, c.server.options.MaxValRange
		case ldap.ControlTypePaging:
			paging, ok := control.(*ldap.ControlPaging)
			if !ok {
				return query{}, broken
			}
			q.paged, q.size = true, int(paging.PagingSize)
			switch len(paging.Cookie) {
			case 0: // the first page
			case 8:
				q.from = int(binary.BigEndian.Uint32(paging.Cookie))
				q.page = int(binary.BigEndian.Uint32(paging.Cookie[4:]))
			default:
				return query{}, failure(ldap.LDAPResultUnavailableCriticalExtension, "00000057: LdapErr: DSID-0C090CF4, comment: Error processing control, data 0, v4563")
			}
		}
	}
	var err *ldap.Error
	q.key, err = c.server.tree.baseKey(q.base)
	return q, err
}

// page is an answer to a query.
type page struct {
	objects []object
	next    int         // where the next page begins; 0 after the last
	err     *ldap.Error // what the answer ends with instead of success
}

// object is an entry's state at the time of the answer.
type object struct {
	dn         string
	attributes []attribute
}

// page collects what matches. Values are replaced and never changed, so that they may be sent without the lock.
func (t *tree) page(q query, most int) (page, *ldap.Error) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	if err := t.missingFrom(&q); err != nil {
		return page{}, err
	}
	limit := most
	if q.paged && q.size > 0 {
		limit = min(limit, q.size)
	}
	var p page
	context := t.context(q.key)
	for at, e := range t.candidates(q) {
		if e.deleted && !q.deleted || !q.covers(e.key) || t.context(e.key) != context || t.denied.hides(e.key) ||
			!t.matches(q.filter, e) {
			continue
		}
		if !q.paged && q.sizeLimit > 0 && len(p.objects) == q.sizeLimit {
			p.err = failure(ldap.LDAPResultSizeLimitExceeded, "")
			return p, nil
		}
		if len(p.objects) == limit {
			if q.paged {
				p.next = at
			} else {
				p.err = failure(ldap.LDAPResultSizeLimitExceeded, "00000000: LdapErr: DSID-0C0908A4, comment: size limit exceeded, data 0")
			}
			return p, nil
		}
		o := t.denied.shown(e)
		if q.extended {
			t.extend(&o, e, q)
		}
		p.objects = append(p.objects, o)
	}
	return p, nil
}

// extend writes DNs with the identity of what they name (MS-ADTS 3.1.1.3.4.1.5).
func (t *tree) extend(o *object, e *entry, q query) {
	o.dn = e.extended()
	for i, a := range o.attributes {
		if a.name != "member" && a.name != "managedBy" {
			continue
		}
		values := slices.Clone(a.values)
		from, _ := q.attributes.wants(a.name)
		from = max(from, 0)
		for j := from; j < min(from+q.most, len(values)); j++ { // no answer has more
			dn := values[j]
			if key, err := keyOf(dn); err == nil && t.byKey[key] != nil {
				values[j] = t.byKey[key].extended()
			}
		}
		o.attributes[i].values = values
	}
}

func (e *entry) extended() string {
	b := e.id
	guid := fmt.Sprintf("%x-%x-%x-%x-%x", []byte{b[3], b[2], b[1], b[0]}, []byte{b[5], b[4]}, []byte{b[7], b[6]}, b[8:10], b[10:])
	return "<GUID=" + guid + ">;" + e.dn
}

func (q *query) covers(key string) bool {
	switch q.scope {
	case ldap.ScopeBaseObject:
		return key == q.key
	case ldap.ScopeSingleLevel:
		return parentOf(key) == q.key
	}
	return within(key, q.key)
}

func (e *entry) state() object {
	o := object{dn: e.dn, attributes: make([]attribute, 0, len(e.attributes)+len(computed))}
	for _, name := range computed {
		if values := e.values(name); len(values) > 0 {
			o.attributes = append(o.attributes, attribute{name, values})
		}
	}
	o.attributes = append(o.attributes, e.attributes...)
	return o
}

// entry sends an object with the attributes that were asked for, large ones in ranges.
func (c *session) entry(r request, o object, asked selection) {
	m := message{c.scratch[:0]}
	whole := m.open(sequenceTag)
	m.number(r.id)
	body := m.open(entryTag)
	m.octets(o.dn)
	all := m.open(sequenceTag)
	for _, a := range o.attributes {
		from, wanted := asked.wants(a.name)
		if !wanted || a.name == "unicodePwd" {
			continue
		}
		for _, part := range c.server.ranges(a, from) {
			one := m.open(sequenceTag)
			m.octets(part.name)
			set := m.open(setTag)
			for _, v := range part.values {
				m.octets(v)
			}
			m.close(set)
			m.close(one)
		}
	}
	m.close(all)
	m.close(body)
	m.close(whole)
	c.scratch = m.b
	_, _ = c.out.Write(m.b) // the flush behind every answer has the error
}

// selection is what a search wants of each entry: everything, or attributes by name with the value to begin at; -1
// stands for no range.
type selection struct {
	all  bool
	from map[string]int
}

func selectionOf(asked []*ber.Packet) selection {
	s := selection{all: len(asked) == 0, from: make(map[string]int, len(asked))}
	for _, p := range asked {
		name, option, _ := strings.Cut(text(p), ";")
		s.all = s.all || name == "*"
		name, start := attributeName(name), -1
		if r, ok := strings.CutPrefix(strings.ToLower(option), "range="); ok {
			first, _, _ := strings.Cut(r, "-")
			start = int(number(first))
		}
		s.from[name] = start
	}
	return s
}

func (s selection) wants(name string) (from int, wanted bool) {
	if from, named := s.from[name]; named {
		return from, true
	}
	return -1, s.all
}

// ranges splits an attribute with more values than one answer may have (MS-ADTS 3.1.1.3.1.3.3): it comes empty, and
// once more with the range in its name.
func (s *Server) ranges(a attribute, from int) []attribute {
	most := s.options.MaxValRange
	if from < 0 && len(a.values) <= most {
		return []attribute{a}
	}
	start := max(from, 0)
	if start >= len(a.values) {
		return nil
	}
	end, last := min(start+most, len(a.values)), "*"
	if end < len(a.values) {
		last = decimal(end - 1)
	}
	part := attribute{a.name + ";range=" + decimal(start) + "-" + last, a.values[start:end]}
	if from < 0 {
		return []attribute{{name: a.name}, part}
	}
	return []attribute{part}
}

// wait passes the time unless the directory closes first.
func (s *Server) wait(d time.Duration) bool {
	if d == 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-s.closing:
		return false
	}
}
