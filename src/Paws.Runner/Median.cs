namespace Paws.Runner;

/// <summary>The middle of measurements, which a hiccup of the machine does not move.</summary>
internal static class Median
{
    /// <summary>The middle of the values, or the mean of the two in the middle; their list is sorted. At least one value.</summary>
    public static double Of(List<double> values)
    {
        values.Sort();
        return (values[(values.Count - 1) / 2] + values[values.Count / 2]) / 2;
    }
}
