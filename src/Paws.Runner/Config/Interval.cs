using System.Globalization;

namespace Paws.Runner.Config;

/// <summary>A range of numbers with open or closed ends, which prints as mathematics writes it.</summary>
internal readonly record struct Interval(double Min, bool MinIncluded, double Max, bool MaxIncluded)
{
    /// <summary>(min, ∞)</summary>
    public static Interval Above(double min) => new(min, false, double.PositiveInfinity, false);

    /// <summary>[min, ∞)</summary>
    public static Interval AtLeast(double min) => new(min, true, double.PositiveInfinity, false);

    /// <summary>[min, max]</summary>
    public static Interval Closed(double min, double max) => new(min, true, max, true);

    /// <summary>(min, max]</summary>
    public static Interval OpenClosed(double min, double max) => new(min, false, max, true);

    /// <summary>[min, max)</summary>
    public static Interval ClosedOpen(double min, double max) => new(min, true, max, false);

    /// <summary>Whether the number lies inside; never for NaN.</summary>
    public bool Contains(double x) => (MinIncluded ? x >= Min : x > Min) && (MaxIncluded ? x <= Max : x < Max);

    /// <inheritdoc />
    public override string ToString() =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{(MinIncluded ? '[' : '(')}{Min}, {(double.IsPositiveInfinity(Max) ? "∞" : Max)}{(MaxIncluded ? ']' : ')')}"
        );
}
