package com.acme.payments;

public final class Cents {
    private Cents() {}

    public static long of(double amount) {
        return Math.round(100 * amount);
    }
}
