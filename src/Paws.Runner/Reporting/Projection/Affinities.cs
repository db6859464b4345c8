using System.Numerics;

namespace Paws.Runner.Reporting.Projection;

/// <summary>The joint probabilities of t-SNE: how much two points are neighbours in the high-dimensional space.</summary>
internal static class Affinities
{
    /// <summary>Symmetric n × n matrix, rows one after the other, summing to 1, with a zero diagonal.</summary>
    public static float[] Joint(float[][] rows, double perplexity)
    {
        int n = rows.Length;
        var p = new float[n * n];
        var distances = new double[n];
        for (int i = 0; i < n; i++)
        {
            for (int j = 0; j < n; j++)
            {
                distances[j] = SquaredDistance(rows[i], rows[j]);
            }
            Conditional(distances, i, perplexity, p.AsSpan(i * n, n));
        }
        for (int i = 0; i < n; i++)
        {
            for (int j = 0; j < i; j++)
            {
                float both = (p[i * n + j] + p[j * n + i]) / (2 * n);
                p[i * n + j] = p[j * n + i] = both;
            }
        }
        return p;
    }

    // Bisection on the precision β of row i's Gaussian, until the entropy of its neighbours is the logarithm of the perplexity.
    private static void Conditional(double[] distances, int i, double perplexity, Span<float> p)
    {
        double target = Math.Log(perplexity),
            beta = 1,
            low = 0,
            high = double.PositiveInfinity;
        double nearest = double.PositiveInfinity;
        for (int j = 0; j < distances.Length; j++)
        {
            nearest = j == i ? nearest : Math.Min(nearest, distances[j]);
        }
        for (int round = 0; round < 60; round++)
        {
            double sum = 0,
                weighted = 0;
            for (int j = 0; j < distances.Length; j++)
            {
                double away = distances[j] - nearest;
                double weight = j == i ? 0 : Math.Exp(-beta * away);
                p[j] = (float)weight;
                sum += weight;
                weighted += weight * away;
            }
            double entropy = Math.Log(sum) + beta * weighted / sum;
            for (int j = 0; j < p.Length; j++)
            {
                p[j] = (float)(p[j] / sum);
            }
            if (Math.Abs(entropy - target) < 1e-4)
            {
                return;
            }
            (low, high) = entropy > target ? (beta, high) : (low, beta);
            beta = double.IsPositiveInfinity(high) ? beta * 2 : (low + high) / 2;
        }
    }

    private static double SquaredDistance(float[] a, float[] b)
    {
        Vector<float> sums = default;
        int j = 0;
        for (; j + Vector<float>.Count <= a.Length; j += Vector<float>.Count)
        {
            Vector<float> difference = new Vector<float>(a, j) - new Vector<float>(b, j);
            sums += difference * difference;
        }
        double sum = Vector.Sum(sums);
        for (; j < a.Length; j++)
        {
            sum += (a[j] - b[j]) * (double)(a[j] - b[j]);
        }
        return sum;
    }
}
