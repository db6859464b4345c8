namespace Paws.Runner.Reporting.Charts;

/// <summary>The rectangle that values are drawn in.</summary>
internal sealed record Frame(double Left, double Top, double Width, double Height)
{
    public double Right => Left + Width;
    public double Bottom => Top + Height;
}
