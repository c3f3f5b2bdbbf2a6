//! Texts. Places in them are counted in characters.

use regex::RegexBuilder;

use super::Param::{Int, List, Text, Texts};
use super::{Function, Out, Param, convert, count, global, index, member};
use crate::policy::cel::limits::{Budget, Failure};
use crate::policy::cel::value::Value;

type Ran = Result<Value, Failure>;

const TEST: &[(&[Param], Out)] = &[(&[Text, Text], Out::Bool)];
const CHANGE: &[(&[Param], Out)] = &[(&[Text], Out::Text)];
const SEARCH: &[(&[Param], Out)] = &[(&[Text, Text], Out::Int), (&[Text, Text, Int], Out::Int)];

pub(super) const TABLE: &[Function] = &[
    member("contains", TEST, |budget, args| test(budget, args, |text, part| text.contains(part))),
    member("startsWith", TEST, |budget, args| {
        test(budget, args, |text, part| text.starts_with(part))
    }),
    member("endsWith", TEST, |budget, args| test(budget, args, |text, part| text.ends_with(part))),
    Function { name: "matches", style: super::Style::Either, overloads: TEST, run: matches },
    member("lowerAscii", CHANGE, |budget, args| change(budget, args, |t| t.to_ascii_lowercase())),
    member("upperAscii", CHANGE, |budget, args| change(budget, args, |t| t.to_ascii_uppercase())),
    member("trim", CHANGE, |budget, args| change(budget, args, |text| text.trim().to_owned())),
    member("reverse", CHANGE, |budget, args| change(budget, args, |t| t.chars().rev().collect())),
    member("charAt", &[(&[Text, Int], Out::Text)], char_at),
    member("indexOf", SEARCH, |budget, args| search(budget, args, false)),
    member("lastIndexOf", SEARCH, |budget, args| search(budget, args, true)),
    member("substring", &[(&[Text, Int], Out::Text), (&[Text, Int, Int], Out::Text)], substring),
    member(
        "replace",
        &[(&[Text, Text, Text], Out::Text), (&[Text, Text, Text, Int], Out::Text)],
        replace,
    ),
    member("split", &[(&[Text, Text], Out::Texts), (&[Text, Text, Int], Out::Texts)], split),
    member("join", &[(&[Texts], Out::Text), (&[Texts, Text], Out::Text)], join),
    member("format", &[(&[Text, List], Out::Text)], format),
    global("strings.quote", CHANGE, |budget, args| {
        // Every character takes two at most.
        budget.text(args.first().map_or(0, octets).saturating_mul(2))?;
        change(budget, args, quote)
    }),
];

fn octets(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len(),
        _ => 0,
    }
}

fn test(budget: &mut Budget, args: &[Value], of: fn(&str, &str) -> bool) -> Ran {
    let [Value::String(text), Value::String(part)] = args else {
        return Err(Failure::no_overload());
    };
    budget.text(text.len())?;
    Ok(Value::Bool(of(text, part)))
}

fn change(budget: &mut Budget, args: &[Value], of: fn(&str) -> String) -> Ran {
    let [Value::String(text)] = args else { return Err(Failure::no_overload()) };
    budget.text(text.len())?;
    Ok(Value::String(of(text).into()))
}

/// What a compiled pattern may take, in octets; no pattern that people write comes near it.
const PATTERN_SIZE: usize = 128 * 1024;
/// What compiling one costs, in steps.
const PATTERN_STEPS: usize = 1_000;

/// Linear in the text, whatever the pattern: there is no backtracking.
fn matches(budget: &mut Budget, args: &[Value]) -> Ran {
    let [Value::String(text), Value::String(pattern)] = args else {
        return Err(Failure::no_overload());
    };
    let work = text.len().saturating_mul(pattern.len().max(1)) / 16;
    budget.take(PATTERN_STEPS.saturating_add(work))?;
    let compiled =
        RegexBuilder::new(pattern).size_limit(PATTERN_SIZE).dfa_size_limit(PATTERN_SIZE).build();
    match compiled {
        Ok(compiled) => Ok(Value::Bool(compiled.is_match(text))),
        Err(_) => Failure::wrong(format!("invalid or too large regular expression {pattern:?}")),
    }
}

fn char_at(budget: &mut Budget, args: &[Value]) -> Ran {
    let [Value::String(text), Value::Int(at)] = args else { return Err(Failure::no_overload()) };
    budget.text(text.len())?;
    let at = index(*at, text.chars().count())?;
    let found = text.chars().nth(at).map(String::from).unwrap_or_default();
    Ok(Value::text(&found))
}

/// Where a text begins in another, from the front or from the back; -1 if nowhere.
fn search(budget: &mut Budget, args: &[Value], from_back: bool) -> Ran {
    let (text, part, bound) = match args {
        [Value::String(text), Value::String(part)] => (text, part, None),
        [Value::String(text), Value::String(part), Value::Int(bound)] => (text, part, Some(*bound)),
        _ => return Err(Failure::no_overload()),
    };
    budget.text(text.len())?;
    let length = text.chars().count();
    let bound = bound.map(|bound| index(bound, length)).transpose()?;
    let octet = |at: usize| text.char_indices().nth(at).map_or(text.len(), |(octet, _)| octet);
    let found = if from_back {
        // The last place at which it may begin is the bound.
        let end = octet(bound.unwrap_or(length)).saturating_add(part.len());
        let end = (end..=text.len()).find(|end| text.is_char_boundary(*end)).unwrap_or(text.len());
        text.get(..end).and_then(|text| text.rfind(&**part))
    } else {
        let start = octet(bound.unwrap_or(0));
        text.get(start..).and_then(|text| text.find(&**part)).map(|found| start + found)
    };
    let characters = |octet: usize| text.get(..octet).map_or(0, |before| before.chars().count());
    Ok(found.map_or(Value::Int(-1), |octet| count(characters(octet))))
}

fn substring(budget: &mut Budget, args: &[Value]) -> Ran {
    let (text, start, end) = match args {
        [Value::String(text), Value::Int(start)] => (text, *start, None),
        [Value::String(text), Value::Int(start), Value::Int(end)] => (text, *start, Some(*end)),
        _ => return Err(Failure::no_overload()),
    };
    budget.text(text.len())?;
    let length = text.chars().count();
    let end = end.map_or(Ok(length), |end| index(end, length))?;
    let start = index(start, length)?;
    let Some(taken) = end.checked_sub(start) else {
        return Failure::wrong(format!("invalid substring range. start: {start}, end: {end}"));
    };
    Ok(Value::String(text.chars().skip(start).take(taken).collect::<String>().into()))
}

/// As many as a policy wants; all if it wants a negative number.
fn at_most(wanted: Option<&Value>) -> Result<usize, Failure> {
    match wanted {
        None => Ok(usize::MAX),
        Some(Value::Int(number)) => Ok(usize::try_from(*number).unwrap_or(usize::MAX)),
        Some(_) => Err(Failure::no_overload()),
    }
}

fn replace(budget: &mut Budget, args: &[Value]) -> Ran {
    let [Value::String(text), Value::String(old), Value::String(new), rest @ ..] = args else {
        return Err(Failure::no_overload());
    };
    let most = at_most(rest.first())?;
    budget.text(text.len())?;
    let places = text.matches(&**old).count().min(most);
    budget.text(text.len().saturating_add(places.saturating_mul(new.len())))?;
    Ok(Value::String(text.replacen(&**old, new, places).into()))
}

fn split(budget: &mut Budget, args: &[Value]) -> Ran {
    let [Value::String(text), Value::String(by), rest @ ..] = args else {
        return Err(Failure::no_overload());
    };
    let most = at_most(rest.first())?;
    budget.text(text.len())?;
    if most == 0 {
        return Ok(Value::list(Vec::new()));
    }
    let parts: Vec<&str> = match by.is_empty() {
        false => text.splitn(most, &**by).collect(),
        // Before, between and after characters there is nothing; the ends do not count.
        true => text.splitn(most.saturating_add(1), "").skip(1).filter(|p| !p.is_empty()).collect(),
    };
    budget.elements(parts.len())?;
    Ok(Value::list(parts.into_iter().map(Value::text).collect()))
}

fn join(budget: &mut Budget, args: &[Value]) -> Ran {
    let (items, between) = match args {
        [Value::List(items)] => (items, ""),
        [Value::List(items), Value::String(between)] => (items, &**between),
        _ => return Err(Failure::no_overload()),
    };
    let texts = items.iter().map(|item| match item {
        Value::String(text) => Ok(&**text),
        _ => Err(Failure::no_overload()),
    });
    let texts: Vec<&str> = texts.collect::<Result<_, _>>()?;
    let own = texts.iter().fold(0_usize, |sum, text| sum.saturating_add(text.len()));
    budget.text(own.saturating_add(texts.len().saturating_mul(between.len())))?;
    Ok(Value::String(texts.join(between).into()))
}

fn quote(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        let escaped = match c {
            '\u{7}' => Some('a'),
            '\u{8}' => Some('b'),
            '\u{b}' => Some('v'),
            '\u{c}' => Some('f'),
            '\n' => Some('n'),
            '\r' => Some('r'),
            '\t' => Some('t'),
            '"' | '\\' => Some(c),
            _ => None,
        };
        match escaped {
            Some(letter) => quoted.extend(['\\', letter]),
            None => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// The most digits after the point that a format may ask for.
const MAX_DIGITS: usize = 100;

/// Fills `%s`, `%d`, `%f`, `%e`, `%b`, `%o`, `%x` and `%X` with the elements of a list.
fn format(budget: &mut Budget, args: &[Value]) -> Ran {
    let [Value::String(template), Value::List(items)] = args else {
        return Err(Failure::no_overload());
    };
    budget.text(template.len())?;
    let (mut out, mut items) = (String::new(), items.iter());
    let mut parts = template.split('%');
    out += parts.next().unwrap_or_default();
    while let Some(part) = parts.next() {
        if part.is_empty() {
            out.push('%');
            out += parts.next().unwrap_or_default();
            continue;
        }
        let (digits, rest) = precision(part)?;
        let mut rest = rest.chars();
        let verb = rest.next().unwrap_or('%');
        let Some(item) = items.next() else {
            return Failure::wrong("index out of range in the arguments of a format");
        };
        budget.walk(item)?;
        out += &clause(verb, digits, item)?;
        out += rest.as_str();
        budget.text(out.len())?;
    }
    Ok(Value::String(out.into()))
}

/// `.3` before a verb, and what comes after it.
fn precision(part: &str) -> Result<(usize, &str), Failure> {
    let Some(after) = part.strip_prefix('.') else { return Ok((6, part)) };
    let length = after.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, rest) = after.split_at_checked(length).unwrap_or((after, ""));
    match digits.parse() {
        Ok(digits @ 0..=MAX_DIGITS) => Ok((digits, rest)),
        _ => Failure::wrong(format!("format: precision must be 0 to {MAX_DIGITS}, got {digits:?}")),
    }
}

fn clause(verb: char, digits: usize, item: &Value) -> Result<String, Failure> {
    let unfit = || Failure::Wrong(format!("format: '%{verb}' does not take {}", item.type_name()));
    match (verb, item) {
        ('s', _) => Ok(shown(item)),
        ('d', Value::Int(_) | Value::Uint(_)) => Ok(item.whole().unwrap_or_default().to_string()),
        ('f', Value::Double(number)) => Ok(format!("{number:.digits$}")),
        ('e', Value::Double(number)) => Ok(format!("{number:.digits$e}")),
        ('b', Value::Bool(inner)) => Ok(u8::from(*inner).to_string()),
        ('x' | 'X', Value::String(text)) => Ok(hex(verb, text.as_bytes())),
        ('x' | 'X', Value::Bytes(octets)) => Ok(hex(verb, octets)),
        ('b' | 'o' | 'x' | 'X', _) => {
            let number = item.whole().ok_or_else(unfit)?;
            let sign = if number < 0 { "-" } else { "" };
            let number = number.unsigned_abs();
            Ok(match verb {
                'b' => format!("{sign}{number:b}"),
                'o' => format!("{sign}{number:o}"),
                'x' => format!("{sign}{number:x}"),
                _ => format!("{sign}{number:X}"),
            })
        }
        ('d' | 'f' | 'e', _) => Err(unfit()),
        _ => Failure::wrong(format!("format: unrecognized formatting clause \"{verb}\"")),
    }
}

fn hex(verb: char, octets: &[u8]) -> String {
    let digits = crate::domain::hex::encode(octets);
    if verb == 'X' { digits.to_ascii_uppercase() } else { digits }
}

/// A value as `%s` shows it.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(inner) => inner.to_string(),
        Value::Int(number) => number.to_string(),
        Value::Uint(number) => number.to_string(),
        Value::Double(number) => convert::double_text(*number),
        Value::String(text) => text.to_string(),
        Value::Bytes(octets) => String::from_utf8_lossy(octets).into_owned(),
        Value::Timestamp(moment) => moment.rfc3339_nanos(),
        Value::Duration(nanos) => convert::duration_text(*nanos),
        Value::Type(name) => (*name).to_owned(),
        Value::List(items) => {
            format!("[{}]", items.iter().map(shown).collect::<Vec<_>>().join(", "))
        }
        Value::Map(map) => {
            let entries = map.iter().map(|(key, value)| format!("{key}: {}", shown(value)));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
        }
        Value::Message(message) => message.of.name.to_owned(),
        Value::Optional(Some(inner)) => format!("optional({})", shown(inner)),
        Value::Optional(None) => "optional.none()".to_owned(),
    }
}
