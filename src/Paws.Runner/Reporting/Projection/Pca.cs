namespace Paws.Runner.Reporting.Projection;

/// <summary>Principal components, by power iteration on the centred rows (no covariance matrix is built).</summary>
internal static class Pca
{
    private const int Iterations = 60;

    /// <summary>Coordinates of n rows of d numbers along the first two principal directions.</summary>
    public static (double X, double Y)[] Project(IReadOnlyList<float[]> rows, int seed)
    {
        int n = rows.Count,
            d = n == 0 ? 0 : rows[0].Length;
        var random = new Random(seed);
        var mean = new double[d];
        foreach (float[] row in rows)
        {
            for (int j = 0; j < d; j++)
            {
                mean[j] += row[j] / (double)n;
            }
        }
        double[] first = Direction(rows, mean, random, null);
        double[] second = Direction(rows, mean, random, first);
        return [.. rows.Select(r => (Along(r, mean, first), Along(r, mean, second)))];
    }

    private static double[] Direction(IReadOnlyList<float[]> rows, double[] mean, Random random, double[]? orthogonalTo)
    {
        int d = mean.Length;
        var v = new double[d];
        for (int j = 0; j < d; j++)
        {
            v[j] = random.NextDouble() - 0.5;
        }
        for (int i = 0; i < Iterations; i++)
        {
            if (orthogonalTo is not null)
            {
                double share = Dot(v, orthogonalTo);
                for (int j = 0; j < d; j++)
                {
                    v[j] -= share * orthogonalTo[j];
                }
            }
            double norm = Math.Sqrt(Dot(v, v));
            if (norm < 1e-150)
            {
                return new double[d]; // no variance left in any direction
            }
            var next = new double[d];
            foreach (float[] row in rows)
            {
                double along = Along(row, mean, v) / norm;
                for (int j = 0; j < d; j++)
                {
                    next[j] += along * (row[j] - mean[j]);
                }
            }
            if (i == Iterations - 1)
            {
                return [.. v.Select(c => c / norm)];
            }
            v = next;
        }
        return v;
    }

    private static double Along(float[] row, double[] mean, double[] direction)
    {
        double sum = 0;
        for (int j = 0; j < mean.Length; j++)
        {
            sum += (row[j] - mean[j]) * direction[j];
        }
        return sum;
    }

    private static double Dot(double[] a, double[] b)
    {
        double sum = 0;
        for (int j = 0; j < a.Length; j++)
        {
            sum += a[j] * b[j];
        }
        return sum;
    }
}
