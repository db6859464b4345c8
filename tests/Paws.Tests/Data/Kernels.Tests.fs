/// The vectorised kernels against the plainest form of the same arithmetic, at sizes that no vector divides.
module Paws.Tests.Data.KernelsTests

open System
open Expecto
open Paws.Data.Augment
open Paws.Data.Datasets
open Paws.Tests

let private noise seed width height =
    let bytes = Array.zeroCreate<byte>(3 * width * height)
    Random(seed: int).NextBytes bytes
    RgbImage(ReadOnlyMemory bytes, width, height)

/// One box blur of a line, as PIL does it.
let private blurLine (radius: float32) (line: int[]) =
    let variance = radius * radius / 3f
    let length = float32 (sqrt (12.0 * float variance + 1.0))
    let whole = float32 (floor ((float length - 1.0) / 2.0))

    let part =
        (2f * whole + 1f) * (whole * (whole + 1f) - 3f * variance)
        / (6f * (variance - (whole + 1f) * (whole + 1f)))

    let box = whole + part
    let reach = int box
    let inner = uint32 (float32 (1 <<< 24) / (box * 2f + 1f))
    let outer = uint32 (((1 <<< 24) - (reach * 2 + 1) * int inner) / 2)

    let at i =
        uint32 line[Math.Clamp(i, 0, line.Length - 1)]

    Array.init line.Length (fun i ->
        let full = Seq.sum (seq { for d in -reach .. reach -> at (i + d) })

        int (
            (full * inner + (at (i - reach - 1) + at (i + reach + 1)) * outer + (1u <<< 23))
            >>> 24
        ))

let private blurred radius (image: RgbImage) =
    let pixels = image.Pixels.ToArray()
    let width, height = image.Width, image.Height
    let thrice = blurLine radius >> blurLine radius >> blurLine radius

    for channel in 0..2 do
        let place x y = 3 * (y * width + x) + channel

        for y in 0 .. height - 1 do
            thrice (Array.init width (fun x -> int pixels[place x y]))
            |> Array.iteri (fun x value -> pixels[place x y] <- byte value)

        for x in 0 .. width - 1 do
            thrice (Array.init height (fun y -> int pixels[place x y]))
            |> Array.iteri (fun y value -> pixels[place x y] <- byte value)

    pixels

/// Weighted sums of one line of bytes, rounded.
let private weighted (weights: ResizeWeights) count (line: int -> byte) =
    Array.init count (fun i ->
        let taps = weights.Of(i).ToArray()

        let sum =
            taps
            |> Array.mapi (fun tap w -> w * int (line (weights.First i + tap)))
            |> Array.sum

        byte ((sum + (1 <<< (ResizeWeights.Bits - 1))) >>> ResizeWeights.Bits))

let private resized (image: RgbImage) (box: CropBox) size flip =
    let pixels = image.Pixels.ToArray()

    let weights start length total kept =
        ResizeWeights().Set(Extent(start, length, 1, start + length), total, kept, size)

    let across = weights box.Left box.BoxWidth box.Width box.KeepLeft
    let down = weights box.Top box.BoxHeight box.Height box.KeepTop

    let channels =
        Array.init 3 (fun channel ->
            let rows =
                Array.init box.BoxHeight (fun y ->
                    weighted across size (fun x -> pixels[3 * ((box.Top + y) * image.Width + box.Left + x) + channel]))

            Array.init size (fun x -> weighted down size (fun y -> rows[y].[x])))

    Array.init (3 * size * size) (fun i ->
        let x, y = i / 3 % size, i / 3 / size
        let column = if flip then size - 1 - x else x
        channels[i % 3].[column].[y])

/// The image with a fourth byte a pixel, that means nothing.
let private widened (image: RgbImage) =
    let pixels = image.Pixels.ToArray()
    Array.init (4 * image.Width * image.Height) (fun i -> if i % 4 = 3 then byte i else pixels[i / 4 * 3 + i % 4])

[<Tests>]
let tests =
    testList "Data.Augment kernels" [
        test "blur equals its definition" {
            for width, height in [ 1, 1; 5, 40; 16, 16; 17, 33; 33, 18; 50, 3 ] do
                for radius in [ 0.1f; 0.7f; 1.3f; 2f; 9.5f ] do
                    let image = noise (width + height) width height
                    let planes = Planes()
                    planes.FromInterleaved(image.Pixels.Span, width, height)
                    GaussianBlur.Apply(planes, radius, BlurScratch())
                    Expect.sequenceEqual (planes.ToInterleaved()) (blurred radius image) $"{width} × {height}, radius {radius}"
        }

        test "resizing equals its definition, from three bytes a pixel and from four" {
            let random = Random 3
            let scratch = ResizeScratch()

            for case in 1..120 do
                let width, height = random.Next(1, 90), random.Next(1, 90)
                let image = noise case width height
                let boxWidth, boxHeight = random.Next(1, width + 1), random.Next(1, height + 1)
                let size = random.Next(1, 40)
                // Every other box ends where the image does.
                let left =
                    if case % 2 = 0 then
                        width - boxWidth
                    else
                        random.Next(width - boxWidth + 1)

                let top =
                    if case % 2 = 0 then
                        height - boxHeight
                    else
                        random.Next(height - boxHeight + 1)

                let box = CropBox(left, top, boxWidth, boxHeight, size, size, 0, 0)
                let flip = case % 3 = 0
                let expected = resized image box size flip
                let planes = Planes()
                Resize.Apply(image, box, size, flip, planes, scratch)
                Expect.sequenceEqual (planes.ToInterleaved()) expected $"three bytes, case {case}"
                Resize.Apply(PixelRows(ReadOnlySpan(widened image), 4, width, height, 1), box, size, flip, planes, scratch)
                Expect.sequenceEqual (planes.ToInterleaved()) expected $"four bytes, case {case}"
        }

        test "sixteen rows of sixteen bytes are transposed" {
            let rows =
                Array.init 16 (fun row -> Runtime.Intrinsics.Vector128.Create<byte>(Array.init 16 (fun column -> byte (16 * row + column))))

            Blocks.Transpose(Span rows)

            for row in 0..15 do
                for column in 0..15 do
                    Expect.equal (Runtime.Intrinsics.Vector128.GetElement(rows[row], column)) (byte (16 * column + row)) $"{row}, {column}"
        }
    ]
