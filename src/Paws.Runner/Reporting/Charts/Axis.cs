using System.Globalization;

namespace Paws.Runner.Reporting.Charts;

/// <summary>A linear axis with ticks at round numbers: multiples of 1, 2 or 5 times a power of ten.</summary>
public sealed record Axis
{
    private Axis(double low, double high, double step, long first, long last)
    {
        Low = low;
        High = high;
        Step = step;
        int decimals = Math.Clamp((int)-Math.Floor(Math.Log10(step)), 0, 15);
        var ticks = new double[Math.Max(last - first + 1, 0)];
        for (int i = 0; i < ticks.Length; i++)
        {
            ticks[i] = Math.Round((first + i) * step, decimals) + 0.0; // + 0.0 turns −0 into 0
        }
        Ticks = ticks;
    }

    /// <summary>Value at the axis's beginning.</summary>
    public double Low { get; }

    /// <summary>Value at its end, above <see cref="Low"/>.</summary>
    public double High { get; }

    /// <summary>Distance between ticks.</summary>
    public double Step { get; }

    /// <summary>Tick values, ascending.</summary>
    public IReadOnlyList<double> Ticks { get; }

    /// <summary>An axis that begins and ends on a tick and covers both values, with about <paramref name="count"/> intervals.</summary>
    public static Axis Covering(double low, double high, int count = 5)
    {
        (low, high) = Spread(low, high);
        double step = RoundStep((high - low) / count);
        long first = (long)Math.Floor(low / step + 1e-9);
        long last = (long)Math.Ceiling(high / step - 1e-9);
        return new Axis(Math.Min(first * step, low), Math.Max(last * step, high), step, first, last);
    }

    /// <summary>An axis from one value to the other exactly, with the ticks that lie between.</summary>
    public static Axis Inside(double low, double high, int count = 6)
    {
        (low, high) = Spread(low, high);
        double step = RoundStep((high - low) / count);
        return new Axis(low, high, step, (long)Math.Ceiling(low / step - 1e-9), (long)Math.Floor(high / step + 1e-9));
    }

    /// <summary>Where a value lies along the axis, 0 to 1.</summary>
    public double Share(double value) => (value - Low) / (High - Low);

    /// <summary>A tick's text, with as many decimals as the step needs and k or M for thousands and millions.</summary>
    public string Label(double tick)
    {
        double largest = Math.Max(Math.Abs(Low), Math.Abs(High));
        var (unit, suffix) = largest switch
        {
            >= 1e10 or < 1e-3 => (0.0, ""),
            >= 2e6 => (1e6, "M"),
            >= 1e4 => (1e3, "k"),
            _ => (1.0, ""),
        };
        if (unit == 0 || tick == 0)
        {
            return tick == 0 ? "0" : tick.ToString("0.##e0", CultureInfo.InvariantCulture).Replace('-', '−');
        }
        int decimals = Math.Clamp((int)-Math.Floor(Math.Log10(Step / unit) + 1e-9), 0, 9);
        return (tick / unit).ToString("F" + decimals, CultureInfo.InvariantCulture).Replace('-', '−') + suffix;
    }

    /// <summary>The nearest of 1, 2, 5 × 10ⁿ not below the given width (but for rounding).</summary>
    private static double RoundStep(double width)
    {
        double power = Math.Pow(10, Math.Floor(Math.Log10(width)));
        double share = width / power;
        return power
            * (
                share <= 1.0001 ? 1
                : share <= 2.0001 ? 2
                : share <= 5.0001 ? 5
                : 10
            );
    }

    // One value alone gets some room around it, so that the axis has a length.
    private static (double Low, double High) Spread(double low, double high)
    {
        // Beyond these no training number means anything, and the arithmetic of steps would overflow.
        (low, high) = (Math.Clamp(Math.Min(low, high), -1e100, 1e100), Math.Clamp(Math.Max(low, high), -1e100, 1e100));
        double least = Math.Max(Math.Max(Math.Abs(low), Math.Abs(high)) * 1e-6, 1e-12);
        if (high - low > least)
        {
            return (low, high);
        }
        double room = Math.Abs(low) < 1e-9 ? 1 : Math.Abs(low) * 0.1;
        return (low - room, high + room);
    }
}
