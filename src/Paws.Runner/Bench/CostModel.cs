namespace Paws.Runner.Bench;

/// <summary>What an exchange costs: α seconds, and β seconds a byte.</summary>
internal static class CostModel
{
    /// <summary>α and β of the line through the times with the least squared relative error: each size counts alike.</summary>
    public static (double Alpha, double Beta) Fit(double[] bytes, double[] seconds)
    {
        // Minimise Σ (α/t + β·b/t − 1)²: two normal equations.
        double uu = 0,
            uv = 0,
            vv = 0,
            u1 = 0,
            v1 = 0;
        for (var i = 0; i < bytes.Length; i++)
        {
            var (u, v) = (1 / seconds[i], bytes[i] / seconds[i]);
            (uu, uv, vv, u1, v1) = (uu + u * u, uv + u * v, vv + v * v, u1 + u, v1 + v);
        }
        var determinant = uu * vv - uv * uv;
        return ((u1 * vv - v1 * uv) / determinant, (uu * v1 - uv * u1) / determinant);
    }
}
