namespace Paws.Tests

open System
open System.Globalization
open System.Xml.Linq
open Paws.Runner.Reporting.Charts

/// What a test can say of any drawing: whether it is one, and whether anything lies outside.
[<RequireQualifiedAccess>]
module SvgText =

    let private number (text: string) =
        Double.Parse(text, CultureInfo.InvariantCulture)

    let private attribute name (e: XElement) =
        match e.Attribute(XName.Get name) with
        | null -> 0.0
        | a -> number a.Value

    let elements name (root: XElement) =
        root.Descendants() |> Seq.filter (fun e -> e.Name.LocalName = name)

    let size root =
        attribute "width" root, attribute "height" root

    /// The font's size of a text: 12, or what its style says.
    let private fontSize (e: XElement) =
        let found =
            Text.RegularExpressions.Regex.Match(e.Attribute(XName.Get "style").Value, @"font-size:([\d.]+)px")

        if found.Success then number found.Groups[1].Value else 12.0

    /// Left and right end of a text, and its base line.
    let extent (e: XElement) =
        let width = Legend.TextWidth(e.Value, fontSize e)
        let x, y = attribute "x" e, attribute "y" e

        match e.Attribute(XName.Get "text-anchor").Value with
        | "end" -> x - width, x, y
        | "middle" -> x - width / 2.0, x + width / 2.0, y
        | _ -> x, x + width, y

    let private pairs (text: string) =
        text.Split([| ' '; ','; 'M'; 'L' |], StringSplitOptions.RemoveEmptyEntries)
        |> Array.map number
        |> Array.chunkBySize 2
        |> Array.map (fun p -> p[0], p[1])
        |> Array.toList

    /// Corners of everything drawn.
    let private corners (e: XElement) =
        let at = attribute

        match e.Name.LocalName with
        | "circle" ->
            let x, y, r = at "cx" e, at "cy" e, at "r" e
            [ x - r, y - r; x + r, y + r ]
        | "line" -> [ at "x1" e, at "y1" e; at "x2" e, at "y2" e ]
        | "rect"
        | "image" -> [ at "x" e, at "y" e; at "x" e + at "width" e, at "y" e + at "height" e ]
        | "polygon" -> pairs (e.Attribute(XName.Get "points").Value)
        | "path" -> pairs (e.Attribute(XName.Get "d").Value)
        | "text" ->
            let left, right, y = extent e
            [ left, y - 10.0; right, y ]
        | other -> failwith $"a drawing has no {other}"

    /// What lies outside of the drawing, or at no place at all; empty for a good drawing. Throws where it is not XML.
    let outside (svg: string) =
        let root = XElement.Parse svg
        let width, height = size root

        root.Descendants()
        |> Seq.filter (fun e ->
            corners e
            |> List.exists (fun (x, y) -> not (x >= -0.01 && x <= width + 0.01 && y >= -0.01 && y <= height + 0.01)))
        |> Seq.map string
        |> Seq.toList
