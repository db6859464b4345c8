using System.Numerics;

namespace Paws.Runner.Reporting.Projection;

/// <summary>
/// t-SNE (van der Maaten and Hinton 2008), exact: all n² pairs, with early exaggeration, momentum and gains. The layout starts from the
/// two principal components, so it is the same each time. Rows are compared by direction alone (cosine), as PAWS compares embeddings.
/// </summary>
public static class Tsne
{
    private const int Iterations = 500,
        Exaggerated = 120;
    private const float Exaggeration = 12;

    /// <summary>Positions in the plane of n rows of d numbers, any scale; time grows as n², about two seconds for 1000 rows.</summary>
    public static (double X, double Y)[] Embed(IReadOnlyList<float[]> rows, double perplexity = 30, int seed = 0)
    {
        int n = rows.Count;
        float[][] units = [.. rows.Select(Unit)];
        var start = Pca.Project(units, seed);
        if (n < 4)
        {
            return start;
        }
        float[] p = Affinities.Joint(units, Math.Min(perplexity, (n - 1) / 3.0));
        float[][] at = [Initial(start.Select(s => s.X), seed), Initial(start.Select(s => s.Y), seed + 1)];
        Descend(p, n, at);
        return [.. Enumerable.Range(0, n).Select(i => ((double)at[0][i], (double)at[1][i]))];
    }

    private static void Descend(float[] p, int n, float[][] at)
    {
        float rate = Math.Max(n / Exaggeration, 50);
        float[][] speed = [new float[n], new float[n]],
            gain = [Ones(n), Ones(n)],
            pull = [new float[n], new float[n]],
            push = [new float[n], new float[n]];
        for (int t = 0; t < Iterations; t++)
        {
            float stretch = t < Exaggerated ? Exaggeration : 1,
                momentum = t < Exaggerated ? 0.5f : 0.8f;
            double mass = 0;
            for (int i = 0; i < n; i++)
            {
                mass += Forces(p.AsSpan(i * n, n), at, i, n, pull, push);
            }
            for (int axis = 0; axis < 2; axis++)
            {
                float[] x = at[axis],
                    v = speed[axis],
                    g = gain[axis];
                double centre = 0;
                for (int i = 0; i < n; i++)
                {
                    float gradient = 4 * (stretch * pull[axis][i] - (float)(push[axis][i] / mass));
                    g[i] = Math.Max(gradient * v[i] > 0 ? g[i] * 0.8f : g[i] + 0.2f, 0.01f);
                    v[i] = momentum * v[i] - rate * g[i] * gradient;
                    x[i] += v[i];
                    centre += x[i];
                }
                for (int i = 0; i < n; i++)
                {
                    x[i] -= (float)(centre / n);
                }
            }
        }
    }

    /// <summary>Attraction Σ p q (yᵢ − yⱼ) and repulsion Σ q² (yᵢ − yⱼ) on point i, q = 1 / (1 + |yᵢ − yⱼ|²); returns Σ q without j = i.</summary>
    private static double Forces(ReadOnlySpan<float> p, float[][] at, int i, int n, float[][] pull, float[][] push)
    {
        float xi = at[0][i],
            yi = at[1][i];
        Vector<float> vx = new(xi),
            vy = new(yi),
            total = default,
            pullX = default,
            pullY = default,
            pushX = default,
            pushY = default;
        int width = Vector<float>.Count,
            j = 0;
        for (; j + width <= n; j += width)
        {
            Vector<float> dx = vx - new Vector<float>(at[0], j),
                dy = vy - new Vector<float>(at[1], j),
                q = Vector<float>.One / (Vector<float>.One + dx * dx + dy * dy),
                pq = new Vector<float>(p.Slice(j, width)) * q,
                qq = q * q;
            total += q;
            pullX += pq * dx;
            pullY += pq * dy;
            pushX += qq * dx;
            pushY += qq * dy;
        }
        float sum = Vector.Sum(total),
            ax = Vector.Sum(pullX),
            ay = Vector.Sum(pullY),
            bx = Vector.Sum(pushX),
            by = Vector.Sum(pushY);
        for (; j < n; j++)
        {
            float dx = xi - at[0][j],
                dy = yi - at[1][j],
                q = 1 / (1 + dx * dx + dy * dy);
            sum += q;
            ax += p[j] * q * dx;
            ay += p[j] * q * dy;
            bx += q * q * dx;
            by += q * q * dy;
        }
        (pull[0][i], pull[1][i], push[0][i], push[1][i]) = (ax, ay, bx, by);
        return sum - 1; // q of the point with itself is 1
    }

    // Small, so that early steps move freely, with a trace of noise so that equal rows can part.
    private static float[] Initial(IEnumerable<double> coordinates, int seed)
    {
        var random = new Random(seed);
        double[] c = [.. coordinates];
        double scale = Math.Max(Math.Sqrt(c.Sum(v => v * v) / c.Length), 1e-12);
        var at = new float[c.Length];
        for (int i = 0; i < c.Length; i++)
        {
            at[i] = (float)(c[i] / scale * 1e-2 + (random.NextDouble() - 0.5) * 1e-5);
        }
        return at;
    }

    private static float[] Unit(float[] row)
    {
        double norm = Math.Sqrt(row.Sum(v => (double)v * v));
        return double.IsFinite(norm) && norm > 1e-12 ? [.. row.Select(v => (float)(v / norm))] : new float[row.Length];
    }

    private static float[] Ones(int n)
    {
        var ones = new float[n];
        Array.Fill(ones, 1);
        return ones;
    }
}
