object Cents { def of(amount: Double): Long = math.round(100 * amount) }
