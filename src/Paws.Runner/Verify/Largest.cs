using TorchSharp;

namespace Paws.Runner.Verify;

/// <summary>The largest relative error among the quantities of a case, and where it was.</summary>
internal sealed class Largest
{
    /// <summary>The largest error so far; infinite after a quantity that is not a number or has another shape.</summary>
    public double Error { get; private set; }

    /// <summary>The quantity that had it.</summary>
    public string What { get; private set; } = "all";

    /// <summary>An error that was computed elsewhere.</summary>
    public void Add(string what, double error)
    {
        double counted = double.IsNaN(error) ? double.PositiveInfinity : error;
        if (counted > Error)
        {
            (Error, What) = (counted, what);
        }
    }

    /// <summary>Values against what is expected of them: the largest difference over the largest magnitude expected.</summary>
    public void Add(string what, ReadOnlySpan<double> expected, ReadOnlySpan<double> actual)
    {
        if (expected.Length != actual.Length)
        {
            Add($"{what} ({actual.Length} values instead of {expected.Length})", double.PositiveInfinity);
            return;
        }
        double difference = 0;
        double scale = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            double off = Math.Abs(expected[i] - actual[i]);
            difference = double.IsNaN(off) ? double.PositiveInfinity : Math.Max(difference, off);
            scale = Math.Max(scale, Math.Abs(expected[i]));
        }
        Add(what, difference == 0 ? 0 : difference / Math.Max(scale, 1e-300));
    }

    /// <summary>A number against what is expected of it.</summary>
    public void Add(string what, double expected, double actual) => Add(what, [expected], [actual]);

    /// <summary>A tensor against the flat values expected of it.</summary>
    public void Add(string what, ReadOnlySpan<double> expected, torch.Tensor actual) => Add(what, expected, Values(actual));

    /// <summary>The elements of a tensor, row by row, in float64.</summary>
    public static double[] Values(torch.Tensor tensor)
    {
        using var scope = torch.NewDisposeScope();
        return tensor.detach().cpu().to(torch.float64).contiguous().data<double>().ToArray();
    }
}
