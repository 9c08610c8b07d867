/// An amount in cents, as people read it: 1234 is 12.34.
pub fn format(cents: u64) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}

#[cfg(test)]
mod tests {
    #[test]
    fn cents_have_two_digits() {
        assert_eq!(super::format(1205), "12.05");
    }
}
