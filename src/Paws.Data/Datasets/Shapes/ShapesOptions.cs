namespace Paws.Data.Datasets.Shapes;

/// <summary>
/// How hard the drawn images are. Lengths are in pixels of the 32-pixel edge, brightness differences in [0, 255], the rest are shares
/// or probabilities. Ranges are (least, most), drawn uniformly.
/// An image shows several objects of its class, each with a pose, colour, texture and place of its own, on a background that differs
/// from place to place: what the crops of one image share is mostly its class, so that agreeing about crops teaches the class. With
/// one object an image, its colour, pose and background are shared as well, and images are grouped by those.
/// </summary>
public sealed record ShapesOptions
{
    /// <summary>Number of objects of the class in an image, 1 to 4: one fills the image, more have a quarter of it each.</summary>
    public (int Least, int Most) Members { get; init; } = (4, 4);

    /// <summary>Radius of the circle about an object; at most 16 for one object, 8 for more.</summary>
    public (float Least, float Most) Radius { get; init; } = (5f, 8f);

    /// <summary>How far an object's centre may lie from that of its part of the image, as a share of the room left beside it.</summary>
    public float Shift { get; init; } = 1f;

    /// <summary>Largest rotation to either side, as the tangent of half the angle (0.3 is about 33°).</summary>
    public float Tilt { get; init; } = 0.3f;

    /// <summary>Width of an object relative to its height.</summary>
    public (float Least, float Most) Aspect { get; init; } = (0.7f, 1.4f);

    /// <summary>Difference in brightness between an object and what lies beneath it, lighter or darker.</summary>
    public (float Least, float Most) Contrast { get; init; } = (60f, 110f);

    /// <summary>Probability that an object is filled with stripes or a checker instead of a plain colour.</summary>
    public float Texture { get; init; } = 0.4f;

    /// <summary>Depth of that texture as a share of the object's contrast.</summary>
    public float TextureDepth { get; init; } = 0.5f;

    /// <summary>Range of each channel of the background's mean colour.</summary>
    public (float Least, float Most) Backdrop { get; init; } = (90f, 165f);

    /// <summary>Strength of the background's uneven colour.</summary>
    public float Clutter { get; init; } = 20f;

    /// <summary>Number of strokes, blobs and splinters behind the objects.</summary>
    public (int Least, int Most) Distractors { get; init; } = (1, 1);

    /// <summary>Difference in brightness between a distractor and the background.</summary>
    public (float Least, float Most) DistractorContrast { get; init; } = (20f, 70f);

    /// <summary>Probability, for each object, that a stroke crosses it.</summary>
    public float Occlusion { get; init; } = 0.1f;

    /// <summary>Width of that stroke.</summary>
    public (float Least, float Most) OccluderWidth { get; init; } = (1.5f, 3.5f);

    /// <summary>Amplitude of the noise of single pixels.</summary>
    public float Noise { get; init; } = 8f;

    /// <summary>Contrast of the whole image is multiplied by a factor from this range.</summary>
    public (float Least, float Most) ImageContrast { get; init; } = (0.8f, 1.1f);

    /// <summary>Brightness of the whole image is shifted by up to this much to either side.</summary>
    public float Brightness { get; init; } = 15f;
}
