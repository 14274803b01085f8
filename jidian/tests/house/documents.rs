//! Links, READMEs, data sets and the contracts in the book.

use super::{Source, check_all, finds, hold, passes, read, root};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The lines outside of fenced blocks, with their numbers.
fn prose(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut inside = false;
    text.lines().zip(1..).filter_map(move |(line, number)| {
        let fence = line.trim_start().starts_with("```");
        inside ^= fence;
        (!inside && !fence).then_some((number, line))
    })
}

/// The targets of links and pictures in a line, code spans left out.
fn targets(line: &str) -> Vec<String> {
    let spoken: String = line.split('`').step_by(2).collect::<Vec<_>>().join("code");
    let between = |open: &str, close: char| -> Vec<String> {
        let parts = spoken.split(open).skip(1);
        parts.filter_map(|part| part.split_once(close)).map(|(link, _)| link.to_owned()).collect()
    };
    let mut found = between("](", ')');
    found.extend(between("src=\"", '"'));
    found.extend(between("href=\"", '"'));
    found
}

fn is_elsewhere(link: &str) -> bool {
    link.contains("://") || link.starts_with("mailto:")
}

/// The name under which a heading is reached.
fn anchor(heading: &str) -> String {
    let kept = heading.to_lowercase().replace(' ', "-");
    kept.chars().filter(|mark| mark.is_alphanumeric() || matches!(mark, '-' | '_')).collect()
}

fn anchors(text: &str) -> BTreeSet<String> {
    let headings = prose(text).filter(|(_, line)| line.starts_with('#'));
    headings.map(|(_, line)| anchor(line.trim_start_matches('#').trim())).collect()
}

fn dead_links(file: &Source) -> Vec<String> {
    let home = root().join(&file.path);
    let mut broken = Vec::new();
    for (number, line) in prose(&file.text) {
        for link in targets(line).into_iter().filter(|link| !is_elsewhere(link)) {
            let (path, name) = link.split_once('#').unwrap_or((&link, ""));
            let target = home.parent().unwrap().join(path);
            let text = if path.is_empty() {
                Some(file.text.clone())
            } else if target.is_dir() {
                Some(String::new())
            } else {
                std::fs::read(&target)
                    .ok()
                    .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            };
            let alive = text.is_some_and(|text| name.is_empty() || anchors(&text).contains(name));
            if !alive {
                broken.push(format!("{}:{number}: dead link `{link}`", file.path));
            }
        }
    }
    broken
}

#[test]
fn links_lead_somewhere() {
    check_all(dead_links, &[".md"], |_| true);
}

#[test]
fn planted_dead_links_are_found() {
    finds(dead_links, "see\n[a](no-such-file.md)", "planted:2: dead link `no-such-file.md`");
    finds(dead_links, "<img src=\"no.png\">", "no.png");
    finds(dead_links, "# One\n[a](#two)", "#two");
    finds(dead_links, "[a](README.md#no-such-heading)", "no-such-heading");
    passes(dead_links, "# One two\n[a](#one-two) [b](README.md) [c](https://example.org/x)");
    passes(dead_links, "`[a](no.md)`\n```\n[a](no.md)\n```");
}

/// What a section of a README holds that has no language.
#[derive(Debug, Default, PartialEq, Eq)]
struct Section {
    level: usize,
    links: BTreeSet<String>,
    rows: usize,
    commands: Vec<String>,
}

fn sections(text: &str) -> Vec<Section> {
    let mut sections = vec![Section::default()];
    let mut block = None;
    for line in text.lines() {
        if let Some(tag) = line.strip_prefix("```") {
            block = if block.is_none() { Some(tag) } else { None };
            continue;
        }
        if block.is_none() && line.starts_with('#') {
            let level = line.chars().take_while(|mark| *mark == '#').count();
            sections.push(Section { level, ..Section::default() });
        }
        let section = sections.last_mut().unwrap();
        if block == Some("sh") {
            // What stands behind `#` is for people and has a language.
            let command = line.split('#').next().unwrap_or_default().trim();
            section.commands.push(command.to_owned());
        } else if block.is_none() {
            section.rows += usize::from(line.starts_with('|'));
            let ours = |link: &String| !link.starts_with("README") && !link.ends_with(".png");
            section.links.extend(targets(line).into_iter().filter(ours));
        }
    }
    sections
}

/// Where two READMEs say different things.
fn differences(english: &str, chinese: &str) -> Vec<String> {
    let (english, chinese) = (sections(english), sections(chinese));
    let mut broken = Vec::new();
    if english.len() != chinese.len() {
        broken.push(format!("{} sections in English, {} in Chinese", english.len(), chinese.len()));
    }
    for (number, (one, other)) in english.iter().zip(&chinese).enumerate() {
        if one != other {
            broken.push(format!("section {number}: English {one:?}, Chinese {other:?}"));
        }
    }
    broken
}

#[test]
fn both_readmes_say_the_same() {
    hold(&differences(&read("README.md"), &read("README.zh-CN.md")));
}

#[test]
fn planted_differences_are_found() {
    let one = "# A\n## B\n| [x](x) |\n```sh\nscripts/test\n```";
    assert!(differences(one, one).is_empty());
    for other in [
        "# A\n| [x](x) |\n```sh\nscripts/test\n```",
        "# A\n# B\n| [x](x) |\n```sh\nscripts/test\n```",
        "# A\n## B\n| [y](y) |\n```sh\nscripts/test\n```",
        "# A\n## B\n| [x](x) |\n| z |\n```sh\nscripts/test\n```",
        "# A\n## B\n| [x](x) |\n```sh\nscripts/other\n```",
    ] {
        assert!(!differences(one, other).is_empty(), "{other}");
    }
}

/// The cells of a table's rows, without its head, of the table whose head begins with `first`.
fn rows<'t>(text: &'t str, first: &str) -> Vec<(usize, Vec<&'t str>)> {
    let cells =
        |line: &'t str| line.trim().trim_matches('|').split('|').map(str::trim).collect::<Vec<_>>();
    let table = prose(text).skip_while(|(_, line)| {
        !line.strip_prefix('|').is_some_and(|cells| cells.trim().starts_with(first))
    });
    table
        .skip(2)
        .take_while(|(_, line)| line.starts_with('|'))
        .map(|(n, l)| (n, cells(l)))
        .collect()
}

/// Rows of "what works" that name no test.
fn rows_without_test(file: &Source) -> Vec<String> {
    let head = if file.path.contains("zh-CN") { "功能" } else { "What" };
    let rows = rows(&file.text, head);
    let mut broken = Vec::new();
    if rows.len() < 5 {
        broken.push(format!("{}: no table of what works", file.path));
    }
    for (number, cells) in rows {
        let links = targets(&cells.join(" "));
        let proof = |link: &String| {
            let test =
                link.contains("tests") || link.starts_with("interop/") || link.contains("src/");
            test && root().join(link.split('#').next().unwrap_or_default()).is_file()
        };
        if !links.iter().any(proof) {
            broken.push(format!("{}:{number}: the row links no test", file.path));
        }
    }
    broken
}

#[test]
fn whatever_works_has_a_test() {
    for path in ["README.md", "README.zh-CN.md"] {
        hold(&rows_without_test(&Source { path: path.to_owned(), text: read(path) }));
    }
}

#[test]
fn planted_rows_without_test_are_found() {
    let table = |row: &str| format!("| What | Test |\n|---|---|\n{}", format!("{row}\n").repeat(6));
    passes(rows_without_test, &table("| a | [t](jidian/tests/house.rs) |"));
    finds(rows_without_test, &table("| a | b |"), "planted:3: the row links no test");
    finds(rows_without_test, &table("| a | [t](jidian/tests/none.rs) |"), "links no test");
    finds(rows_without_test, "nothing", "no table");
}

/// Folders of `data` without a row that names source and licence.
fn unsourced(folders: &[String], readme: &str) -> Vec<String> {
    let rows = rows(readme, "Folder");
    let stated = |folder: &String| {
        let link = format!("]({folder})");
        rows.iter().any(|(_, cells)| {
            let full = cells.len() >= 4 && cells.iter().all(|cell| !cell.is_empty());
            full && cells[0].contains(&link)
        })
    };
    let missing = folders.iter().filter(|folder| !stated(folder));
    missing.map(|folder| format!("data/README.md: {folder}: no source or licence")).collect()
}

#[test]
fn every_data_set_has_source_and_licence() {
    let mut folders = Vec::new();
    let mut broken = Vec::new();
    for entry in std::fs::read_dir(root().join("data")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if !path.is_dir() {
            continue;
        }
        // Data that others made tell their source beside the files.
        let foreign = |file: &Path| {
            file.extension()
                .is_some_and(|ending| ["csv", "gz", "m", "json"].iter().any(|e| ending == *e))
        };
        if std::fs::read_dir(&path).unwrap().any(|file| foreign(&file.unwrap().path())) {
            let readme = read(&format!("data/{name}/README.md")).to_lowercase();
            if !(readme.contains("source")
                && (readme.contains("licen") || readme.contains("free to use")))
            {
                broken.push(format!("data/{name}/README.md: no source or licence"));
            }
        }
        folders.push(name);
    }
    assert!(folders.len() >= 4, "{folders:?}");
    broken.extend(unsourced(&folders, &read("data/README.md")));
    hold(&broken);
}

#[test]
fn planted_data_without_source_are_found() {
    let readme =
        "| Folder | What | Source | Licence |\n|---|---|---|---|\n| [a](a) | b | c | d |\n";
    assert!(unsourced(&["a".to_owned()], readme).is_empty());
    assert_eq!(unsourced(&["z".to_owned()], readme).len(), 1);
    assert_eq!(unsourced(&["a".to_owned()], &readme.replace("| d |", "| |")).len(), 1);
}

/// Fenced blocks: the line of the fence, what it says, and the text.
fn blocks(text: &str) -> Vec<(usize, String, String)> {
    let mut blocks: Vec<(usize, String, String)> = Vec::new();
    let mut inside = false;
    for (line, number) in text.lines().zip(1..) {
        if let Some(tag) = line.strip_prefix("```") {
            inside = !inside;
            if inside {
                blocks.push((number, tag.trim().to_owned(), String::new()));
            }
        } else if let Some((_, _, block)) = blocks.last_mut().filter(|_| inside) {
            block.push_str(line);
            block.push('\n');
        }
    }
    blocks
}

/// Blocks of the book on the language that don't check, or don't fail as they say.
fn wrong_blocks(file: &Source) -> Vec<String> {
    let mut broken = Vec::new();
    let mut count = BTreeMap::new();
    for (line, tag, text) in blocks(&file.text) {
        *count.entry(tag.split(' ').next().unwrap_or_default().to_owned()).or_insert(0) += 1;
        let code = contract::check(&text).err().map(|faults| faults[0].code);
        let expected = match tag.split_once(' ') {
            None if tag == "contract" => None,
            None if ["ebnf", "console"].contains(&tag.as_str()) => continue,
            Some(("contract", code)) => Some(code),
            _ => {
                broken.push(format!("{}:{line}: a block of kind `{tag}`", file.path));
                continue;
            }
        };
        if code != expected {
            broken.push(format!("{}:{line}: gives {code:?}, not {expected:?}", file.path));
        }
    }
    if count.get("contract").copied().unwrap_or(0) < 1 {
        broken.push(format!("{}: no contract in it", file.path));
    }
    broken
}

#[test]
fn every_contract_in_the_book_checks() {
    let path = "docs/contract-language.md";
    hold(&wrong_blocks(&Source { path: path.to_owned(), text: read(path) }));
}

#[test]
fn planted_wrong_contracts_are_found() {
    let sound = read("data/contracts/wind.contract");
    let page = |tag: &str, text: &str| format!("# A\n```{tag}\n{text}\n```\n");
    passes(wrong_blocks, &page("contract", &sound));
    passes(wrong_blocks, &page("contract JD-C003", "price"));
    finds(wrong_blocks, &page("contract", "price"), "planted:2: gives Some(\"JD-C003\")");
    finds(wrong_blocks, &page("contract JD-C003", &sound), "gives None");
    finds(wrong_blocks, &page("text", &sound), "a block of kind `text`");
    finds(wrong_blocks, "nothing", "no contract in it");
}
