using Paws.Model;
using TorchSharp;

namespace Paws.Runner.Reporting.Figures;

/// <summary>Supports on the plane, with a class each.</summary>
/// <param name="Classes">Number of classes K; labels are in [0, K).</param>
/// <param name="Points">Embeddings of width 2.</param>
/// <param name="Labels">Class of each.</param>
public sealed record PlaneSupports(int Classes, IReadOnlyList<(double X, double Y)> Points, IReadOnlyList<int> Labels)
{
    /// <summary>
    /// Three supports of each class, around one place a class: what Figure 5 begins with. Of some length other than 1, so that it
    /// shows that length does not matter.
    /// </summary>
    /// <param name="classes">K, at least 1.</param>
    public static PlaneSupports Around(int classes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(classes, 1);
        double[] spread = [-0.28, 0.06, 0.33],
            lengths = [0.78, 1.15, 0.95];
        var points = new List<(double, double)>();
        var labels = new List<int>();
        for (int k = 0; k < classes; k++)
        {
            for (int i = 0; i < spread.Length; i++)
            {
                // The classes do not lie evenly: evenness would hide that near supports weigh more.
                double angle = 0.5 + 2 * Math.PI * (k + 0.12 * Math.Sin(2.0 * k)) / classes + spread[i] * 2.2 / Math.Max(classes, 2);
                points.Add((lengths[i] * Math.Cos(angle), lengths[i] * Math.Sin(angle)));
                labels.Add(k);
            }
        }
        return new PlaneSupports(classes, points, labels);
    }

    /// <summary>π of queries by the library: q rows of K, in float64.</summary>
    /// <param name="temperature">τ in (0, ∞).</param>
    /// <param name="queries">Embeddings of width 2.</param>
    public double[][] Predict(double temperature, IReadOnlyList<(double X, double Y)> queries)
    {
        using var scope = torch.NewDisposeScope();
        return Rows(SoftNearestNeighbours.classify(temperature, Matrix(Points), OneHot(), Matrix(queries)));
    }

    /// <summary>ρ of distributions by the library, row by row.</summary>
    /// <param name="temperature">T in (0, 1].</param>
    /// <param name="distributions">Rows of K.</param>
    public static double[][] Sharpen(double temperature, double[][] distributions)
    {
        using var scope = torch.NewDisposeScope();
        double[] flat = [.. distributions.SelectMany(d => d)];
        return Rows(Sharpening.sharpen(temperature, torch.tensor(flat, torch.float64).reshape(distributions.Length, -1)));
    }

    private torch.Tensor OneHot()
    {
        var flat = new double[Points.Count * Classes];
        for (int i = 0; i < Labels.Count; i++)
        {
            flat[i * Classes + Labels[i]] = 1;
        }
        return torch.tensor(flat, torch.float64).reshape(Points.Count, Classes);
    }

    private static torch.Tensor Matrix(IReadOnlyList<(double X, double Y)> points) =>
        torch.tensor([.. points.SelectMany(p => new[] { p.X, p.Y })], torch.float64).reshape(points.Count, 2);

    private static double[][] Rows(torch.Tensor matrix) => [.. matrix.contiguous().data<double>().ToArray().Chunk((int)matrix.shape[1])];
}

/// <summary>A query with what the library predicts for it: what the page's own arithmetic is checked against.</summary>
/// <param name="Temperature">τ.</param>
/// <param name="Sharpen">T.</param>
/// <param name="Supports">The supports.</param>
/// <param name="Query">The query.</param>
/// <param name="Prediction">π.</param>
/// <param name="Sharpened">ρ(π).</param>
public sealed record PlaneSample(
    double Temperature,
    double Sharpen,
    PlaneSupports Supports,
    (double X, double Y) Query,
    double[] Prediction,
    double[] Sharpened
)
{
    /// <summary>Samples over temperatures, numbers of classes and directions, the zero query among them.</summary>
    public static IReadOnlyList<PlaneSample> Table()
    {
        var samples = new List<PlaneSample>();
        (double, double)[] queries = [(0.9, 0.3), (-0.4, 1.2), (-0.05, -0.02), (0, 0)];
        foreach (
            var (temperature, sharpen, classes) in new[] { (0.1, 0.25, 3), (0.02, 0.05, 4), (0.5, 1.0, 2), (2.0, 0.5, 6), (0.1, 0.1, 5) }
        )
        {
            var supports = PlaneSupports.Around(classes);
            double[][] predicted = supports.Predict(temperature, queries),
                sharpened = PlaneSupports.Sharpen(sharpen, predicted);
            samples.AddRange(queries.Select((q, i) => new PlaneSample(temperature, sharpen, supports, q, predicted[i], sharpened[i])));
        }
        return samples;
    }
}
